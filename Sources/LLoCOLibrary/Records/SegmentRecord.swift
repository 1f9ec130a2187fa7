public import Foundation

/// The model, compressor and settings that made a document's vectors. One prompt never mixes two identities.
public struct VectorIdentity: Hashable, Sendable, Codable {
    /// The SHA-256 of the language model for which the vectors were made.
    public let model: String
    /// The SHA-256 of the compressor's weights.
    public let compressor: String
    /// The compression scheme, such as `accumulated-1536-50`.
    public let variant: String

    /// Creates an identity from its three parts.
    public init(model: String, compressor: String, variant: String) {
        self.model = model
        self.compressor = compressor
        self.variant = variant
    }
}

/// A stored compressed segment of a document, without the bytes of its vectors.
public struct SegmentRecord: Hashable, Sendable, Identifiable {
    /// The segment's key within the library.
    public let id: Int64
    /// The segment's index among the document's segments, from 0.
    public let position: Int
    /// The segment's token offsets in the document.
    public let tokens: Range<Int>
    /// The segment's UTF-8 byte offsets in the document's text.
    public let bytes: Range<Int>
    /// The SHA-256 of the segment's token ids: ``Digest/sha256(tokens:)``.
    public let tokenDigest: String
    /// The number of vectors.
    public let vectorCount: Int
    /// The length of a vector.
    public let dimension: Int

    /// Creates a record from its fields.
    public init(
        id: Int64, position: Int, tokens: Range<Int>, bytes: Range<Int>, tokenDigest: String, vectorCount: Int,
        dimension: Int
    ) {
        self.id = id
        self.position = position
        self.tokens = tokens
        self.bytes = bytes
        self.tokenDigest = tokenDigest
        self.vectorCount = vectorCount
        self.dimension = dimension
    }
}

/// A compressed segment to store.
public struct NewSegment: Hashable, Sendable {
    /// The segment's token offsets in the document. The first segment starts at 0, every other where the previous ends.
    public var tokens: Range<Int>
    /// The segment's UTF-8 byte offsets in the document's text.
    public var bytes: Range<Int>
    /// The SHA-256 of the segment's token ids: ``Digest/sha256(tokens:)``.
    public var tokenDigest: String
    /// The number of vectors.
    public var vectorCount: Int
    /// The length of a vector.
    public var dimension: Int
    /// The vectors `[vectorCount, dimension]`, bfloat16, little-endian.
    public var vectors: Data
    /// The attention bias of vectors that are keys and values: `[heads, vectorCount]`, float32, little-endian; nil for
    /// none.
    ///
    /// `heads` are the key/value heads of all layers, layer by layer. A head that keeps fewer positions than others has
    /// -infinity for the rest.
    public var bias: Data?

    /// Creates a segment from its fields.
    public init(
        tokens: Range<Int>, bytes: Range<Int>, tokenDigest: String, vectorCount: Int, dimension: Int, vectors: Data,
        bias: Data? = nil
    ) {
        self.tokens = tokens
        self.bytes = bytes
        self.tokenDigest = tokenDigest
        self.vectorCount = vectorCount
        self.dimension = dimension
        self.vectors = vectors
        self.bias = bias
    }
}

/// The stored vectors of a document: `[count, dimension]`, bfloat16, little-endian.
public struct StoredVectors: Hashable, Sendable {
    /// The `2 * count * dimension` bytes.
    public let bytes: Data
    /// The number of vectors.
    public let count: Int
    /// The length of a vector.
    public let dimension: Int
    /// The attention bias as in ``NewSegment/bias``: `[heads, count]`, float32; nil if no segment has one.
    public let bias: Data?
    /// The number of vectors of each segment, in order.
    public let segments: [Int]

    /// Creates vectors of the given shape; of one segment if `segments` is nil.
    public init(bytes: Data, count: Int, dimension: Int, bias: Data? = nil, segments: [Int]? = nil) {
        self.bytes = bytes
        self.count = count
        self.dimension = dimension
        self.bias = bias
        self.segments = segments ?? [count]
    }
}

/// The progress of one compressor with one document.
public struct CompressionRecord: Hashable, Sendable {
    /// The document's key.
    public let document: Int64
    /// The identity of the vectors.
    public let identity: VectorIdentity
    /// The number of stored segments.
    public let segmentCount: Int
    /// The number of vectors of all segments.
    public let vectorCount: Int
    /// Whether the segments cover the whole current text.
    public let isComplete: Bool

    /// Creates a record from its fields.
    public init(document: Int64, identity: VectorIdentity, segmentCount: Int, vectorCount: Int, isComplete: Bool) {
        self.document = document
        self.identity = identity
        self.segmentCount = segmentCount
        self.vectorCount = vectorCount
        self.isComplete = isComplete
    }
}
