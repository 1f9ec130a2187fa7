package import LLoCOLibrary
package import LLoCOModels
import LLoCOTorch
import Synchronization

/// Loaded adapters of groups, those used last: of all libraries that one model answers from.
///
/// They are known by what they hold (the digest of their weights, their configuration and the vectors they read), never by
/// a group's name. Engines that share one load their models alike: in one dtype, on one device.
public final class AdapterCache: Sendable {
    package struct Key: Hashable {
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

    /// The maximum bytes of all of them; the one used last is kept in any case.
    public let byteLimit: Int
    /// Those used last stand last.
    private let entries = Mutex<[(key: Key, adapter: Adapter, bytes: Int)]>([])

    /// - Parameter byteLimit: the maximum bytes of all adapters together; 512 MB by default, some 700 of rank 8 for a model
    ///   of 135 million parameters, or 30 for one of seven billion
    public init(byteLimit: Int = 512_000_000) {
        self.byteLimit = byteLimit
    }

    /// How many are held.
    public var count: Int { entries.withLock { $0.count } }
    /// The bytes of those that are held.
    public var bytes: Int { entries.withLock { $0.reduce(0) { $0 + $1.bytes } } }
    /// How often one was asked for, and how often it was held.
    public var uses: (asked: Int, held: Int) {
        (asked.load(ordering: .relaxed), found.load(ordering: .relaxed))
    }
    private let asked = Atomic(0)
    private let found = Atomic(0)

    package func adapter(_ key: Key) -> Adapter? {
        asked.add(1, ordering: .relaxed)
        return entries.withLock { entries in
            guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
            found.add(1, ordering: .relaxed)
            let entry = entries.remove(at: place)
            entries.append(entry)
            return entry.adapter
        }
    }

    package func keep(_ adapter: Adapter, _ key: Key) {
        let bytes = adapter.parameters.reduce(0) { $0 + $1.count * $1.dtype.byteCount }
        entries.withLock { entries in
            entries.removeAll { $0.key == key }
            entries.append((key, adapter, bytes))
            var total = entries.reduce(0) { $0 + $1.bytes }
            while total > byteLimit, entries.count > 1 { total -= entries.removeFirst().bytes }
        }
    }
}
