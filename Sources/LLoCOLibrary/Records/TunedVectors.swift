public import Foundation

/// A document's vectors as they were tuned with an adapter.
public struct TunedVectors: Hashable, Sendable {
    /// The document's key.
    public let document: Int64
    /// Which vectors they were tuned from: the digest of the document's vectors then.
    public let source: String
    /// The vectors, of the same shape, bfloat16, little-endian.
    public let bytes: Data

    /// A document's tuned vectors.
    public init(document: Int64, source: String, bytes: Data) {
        self.document = document
        self.source = source
        self.bytes = bytes
    }
}
