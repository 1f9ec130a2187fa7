package import LLoCOLibrary
package import LLoCOModels
import LLoCOTorch

/// An LRU cache of loaded adapters, shared by all libraries of one model.
///
/// Adapters are keyed by content (vector identity, configuration, SHA-256 of the weights), not by group name. Engines
/// that share a cache must load their models with one dtype on one device.
public final class AdapterCache: Sendable {
    /// The content of an adapter.
    package struct Key: Hashable, Sendable {
        let identity: VectorIdentity
        /// The configuration, which sets the scale.
        let config: String
        /// The SHA-256 of the weights.
        let digest: String

        /// Creates a key from its parts.
        package init(identity: VectorIdentity, config: String, digest: String) {
            self.identity = identity
            self.config = config
            self.digest = digest
        }

        init(_ record: AdapterRecord) {
            self.init(identity: record.identity, config: record.config, digest: record.digest)
        }
    }

    private let cache: BoundedCache<Key, Adapter>

    /// Creates a cache.
    ///
    /// - Parameter byteLimit: the maximum bytes of all adapters, except that the most recently used one is always kept.
    ///   512 MB by default: about 700 adapters of rank 8 for a model of 135 million parameters, or 30 for one of seven
    ///   billion.
    public init(byteLimit: Int = 512_000_000) {
        cache = BoundedCache(byteLimit: byteLimit)
    }

    /// The maximum bytes of all adapters. The most recently used one is always kept.
    public var byteLimit: Int { cache.byteLimit }
    /// The number of cached adapters.
    public var count: Int { cache.use.count }
    /// The content and hit counts.
    public var use: CacheUse { cache.use }

    /// The cached adapter of a key. Counts a hit or a miss.
    package func adapter(_ key: Key) -> Adapter? { cache.value(key) }

    /// The cached adapter of a key, without counting a hit or a miss.
    func peek(_ key: Key) -> Adapter? { cache.peek(key) }

    /// Inserts an adapter as the most recently used one.
    package func keep(_ adapter: Adapter, _ key: Key) {
        cache.insert(adapter, key, bytes: adapter.parameters.reduce(0) { $0 + $1.count * $1.dtype.byteCount })
    }
}
