public import Foundation

/// What made a document's vectors: vectors of different identities never stand in one prompt.
public struct VectorIdentity: Hashable, Sendable, Codable {
    /// The digest of the model whose embedding space the vectors live in.
    public let model: String
    /// The digest of the compressor: its weights.
    public let compressor: String
    /// How it was run, such as `accumulated-1536-50`.
    public let variant: String

    /// An identity of the three parts.
    public init(model: String, compressor: String, variant: String) {
        self.model = model
        self.compressor = compressor
        self.variant = variant
    }
}

/// One segment of a document and its summary vectors, without their bytes.
public struct SegmentRecord: Hashable, Sendable, Identifiable {
    /// Its key within the library.
    public let id: Int64
    /// Its place among the document's segments, from 0.
    public let position: Int
    /// Its token offsets in the document.
    public let tokens: Range<Int>
    /// Its UTF-8 byte offsets in the document's text.
    public let bytes: Range<Int>
    /// The SHA-256 of its token ids: ``Digest/sha256(tokens:)``.
    public let tokenDigest: String
    /// How many vectors it gave.
    public let vectorCount: Int
    /// Their length.
    public let dimension: Int

    /// A segment of the given parts.
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

/// A segment to store.
public struct NewSegment: Hashable, Sendable {
    /// Its token offsets in the document; the first starts at 0, each next where the one before ends.
    public var tokens: Range<Int>
    /// Its UTF-8 byte offsets in the document's text.
    public var bytes: Range<Int>
    /// The SHA-256 of its token ids: ``Digest/sha256(tokens:)``.
    public var tokenDigest: String
    /// How many vectors it gave.
    public var vectorCount: Int
    /// Their length.
    public var dimension: Int
    /// The vectors `[vectorCount, dimension]`, bfloat16, little-endian.
    public var vectors: Data
    /// What attention adds to the scores of vectors that are keys and values: `[heads, vectorCount]`, float32, little-endian,
    /// `heads` being the key heads of all layers, layer by layer. A head that keeps fewer positions than others has -infinity
    /// for the rest. nil for nothing.
    public var bias: Data?

    /// A segment of the given parts.
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

/// Summary vectors `[count, dimension]` as they are stored: bfloat16, little-endian.
public struct StoredVectors: Hashable, Sendable {
    /// `2 * count * dimension` bytes.
    public let bytes: Data
    /// How many vectors.
    public let count: Int
    /// Their length.
    public let dimension: Int
    /// What attention adds to their scores, as ``NewSegment/bias``: `[heads, count]`, float32; nil where no segment has any.
    public let bias: Data?
    /// How many of them each segment has, in the segments' order.
    public let segments: [Int]

    /// Vectors of the given shape; of one segment unless `segments` says otherwise.
    public init(bytes: Data, count: Int, dimension: Int, bias: Data? = nil, segments: [Int]? = nil) {
        self.bytes = bytes
        self.count = count
        self.dimension = dimension
        self.bias = bias
        self.segments = segments ?? [count]
    }
}

/// How far one compressor came with one document.
public struct CompressionRecord: Hashable, Sendable {
    /// The document's key.
    public let document: Int64
    /// What made the vectors.
    public let identity: VectorIdentity
    /// How many segments are stored.
    public let segmentCount: Int
    /// How many vectors they hold together.
    public let vectorCount: Int
    /// Whether they cover all of the document's present text.
    public let isComplete: Bool

    /// A compression of the given parts.
    public init(document: Int64, identity: VectorIdentity, segmentCount: Int, vectorCount: Int, isComplete: Bool) {
        self.document = document
        self.identity = identity
        self.segmentCount = segmentCount
        self.vectorCount = vectorCount
        self.isComplete = isComplete
    }
}
