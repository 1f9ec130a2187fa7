import LLoCOCompression
import LLoCOLibrary
import LLoCOTorch

/// Documents' vectors that are loaded, those used last: of all libraries that one model answers from.
///
/// They are known by what they hold, never by a document's name or key: whatever changes them makes others of them.
public final class VectorCache: Sendable {
    struct Key: Hashable, Sendable {
        let identity: VectorIdentity
        /// Of the stored vectors
        let digest: String
        /// Of the adapter that they were tuned with; nil for those that no adapter has tuned
        let tuned: String?
    }

    private let cache: BoundedCache<Key, SegmentVectors>

    /// - Parameter byteLimit: the maximum bytes of all vectors together, those used last apart; 1 GB by default, those of
    ///   some 2.4 million tokens at a thirtieth for a model of half a billion parameters
    public init(byteLimit: Int = 1_000_000_000) {
        cache = BoundedCache(byteLimit: byteLimit)
    }

    /// What is held, and how often what was asked for was.
    public var use: CacheUse { cache.use }

    func vectors(_ key: Key) -> SegmentVectors? { cache.value(key) }

    func keep(_ vectors: SegmentVectors, _ key: Key) {
        let tensors = [vectors.values] + (vectors.bias.map { [$0] } ?? [])
        cache.keep(vectors, key, bytes: tensors.reduce(0) { $0 + $1.count * $1.dtype.byteCount })
    }
}
