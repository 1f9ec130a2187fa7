package import LLoCOLibrary
package import LLoCOModels
import LLoCOTorch

/// Loaded adapters of groups, those used last: of all libraries that one model answers from.
///
/// They are known by what they hold (the digest of their weights, their configuration and the vectors they read), never by
/// a group's name. Engines that share one load their models alike: in one dtype, on one device.
public final class AdapterCache: Sendable {
    package struct Key: Hashable, Sendable {
        let identity: VectorIdentity
        /// Decides too what is computed: the scale.
        let config: String
        let digest: String

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

    /// - Parameter byteLimit: the maximum bytes of all adapters together, the one used last apart; 512 MB by default, some
    ///   700 of rank 8 for a model of 135 million parameters, or 30 for one of seven billion
    public init(byteLimit: Int = 512_000_000) {
        cache = BoundedCache(byteLimit: byteLimit)
    }

    /// The maximum bytes of all of them; the one used last is kept in any case.
    public var byteLimit: Int { cache.byteLimit }
    /// How many are held.
    public var count: Int { cache.use.count }
    /// What is held, and how often what was asked for was.
    public var use: CacheUse { cache.use }

    package func adapter(_ key: Key) -> Adapter? { cache.value(key) }

    package func keep(_ adapter: Adapter, _ key: Key) {
        cache.keep(adapter, key, bytes: adapter.parameters.reduce(0) { $0 + $1.count * $1.dtype.byteCount })
    }
}
