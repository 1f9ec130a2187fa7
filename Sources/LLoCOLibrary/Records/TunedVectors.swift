public import Foundation

/// A document's vectors, tuned together with an adapter.
public struct TunedVectors: Hashable, Sendable {
    /// The document's key.
    public let document: Int64
    /// The digest of the document's vectors that the tuning started from.
    public let source: String
    /// The tuned vectors, of the same shape, bfloat16, little-endian.
    public let bytes: Data

    /// Creates a document's tuned vectors.
    public init(document: Int64, source: String, bytes: Data) {
        self.document = document
        self.source = source
        self.bytes = bytes
    }
}
