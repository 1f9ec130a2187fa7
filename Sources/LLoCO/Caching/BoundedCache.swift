import Synchronization

/// An LRU cache with a maximum size in bytes. An evicted value stays alive while it is referenced elsewhere.
final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// The maximum bytes of all values. The most recently used value is always kept.
    let byteLimit: Int
    private let state = Mutex(State())

    private struct State {
        /// The entries, least recently used first.
        var entries: [(key: Key, value: Value, bytes: Int)] = []
        var bytes = 0
        var hits = 0
        var misses = 0
    }

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// The content and hit counts.
    var use: CacheUse {
        state.withLock { CacheUse(count: $0.entries.count, bytes: $0.bytes, hits: $0.hits, misses: $0.misses) }
    }

    /// The cached value of a key, nil if there is none. Counts a hit or a miss.
    func value(_ key: Key) -> Value? {
        state.withLock { state in
            guard let index = state.entries.firstIndex(where: { $0.key == key }) else {
                state.misses += 1
                return nil
            }
            state.hits += 1
            let entry = state.entries.remove(at: index)
            state.entries.append(entry)
            return entry.value
        }
    }

    /// The cached value of a key, without counting a hit or a miss; nil if there is none.
    func peek(_ key: Key) -> Value? {
        state.withLock { state in state.entries.first { $0.key == key }?.value }
    }

    /// Inserts a value as the most recently used one, and evicts others down to the maximum size.
    func insert(_ value: Value, _ key: Key, bytes: Int) {
        state.withLock { state in
            if let index = state.entries.firstIndex(where: { $0.key == key }) {
                state.bytes -= state.entries.remove(at: index).bytes
            }
            state.entries.append((key, value, bytes))
            state.bytes += bytes
            while state.bytes > byteLimit, state.entries.count > 1 {
                state.bytes -= state.entries.removeFirst().bytes
            }
        }
    }
}

/// The content and hit counts of a cache.
public struct CacheUse: Sendable, Equatable {
    /// The number of cached values.
    public let count: Int
    /// The bytes of the cached values.
    public let bytes: Int
    /// The number of hits.
    public let hits: Int
    /// The number of misses.
    public let misses: Int
}
