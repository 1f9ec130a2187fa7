import LLoCOCompression
import LLoCOLibrary
import LLoCOTorch

/// An LRU cache of documents' loaded vectors, shared by all libraries of one model.
///
/// Vectors are keyed by content, not by a document's name or key, so that changed vectors have another key.
public final class VectorCache: Sendable {
    /// The content of a document's vectors.
    struct Key: Hashable, Sendable {
        let identity: VectorIdentity
        /// The digest of the compressor's stored vectors.
        let digest: String
        /// The SHA-256 of the adapter that the vectors were tuned with; nil for the compressor's vectors.
        let tuned: String?
    }

    private let cache: BoundedCache<Key, SegmentVectors>

    /// Creates a cache.
    ///
    /// - Parameter byteLimit: the maximum bytes of all vectors, except that those used last are always kept. 1 GB by
    ///   default: the vectors of about 2.4 million tokens at one per 30 tokens, for a model of half a billion
    ///   parameters.
    public init(byteLimit: Int = 1_000_000_000) {
        cache = BoundedCache(byteLimit: byteLimit)
    }

    /// The content and hit counts.
    public var use: CacheUse { cache.use }

    /// The cached vectors of a key. Counts a hit or a miss.
    func vectors(_ key: Key) -> SegmentVectors? { cache.value(key) }

    /// The cached vectors of a key, without counting a hit or a miss.
    func peek(_ key: Key) -> SegmentVectors? { cache.peek(key) }

    /// Inserts vectors as the most recently used ones.
    func insert(_ vectors: SegmentVectors, _ key: Key) {
        let tensors = [vectors.values] + (vectors.bias.map { [$0] } ?? [])
        cache.insert(vectors, key, bytes: tensors.reduce(0) { $0 + $1.count * $1.dtype.byteCount })
    }
}
