import Synchronization

/// Values that are costly to make, those used last, up to a number of bytes. Whoever has one keeps it alive where it is
/// dropped here.
final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// The maximum bytes of all of them; the one used last is kept in any case.
    let byteLimit: Int
    private let state = Mutex(State())

    private struct State {
        /// Those used last stand last.
        var entries: [(key: Key, value: Value, bytes: Int)] = []
        var bytes = 0
        var hits = 0
        var misses = 0
    }

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// What is held, and how often what was asked for was.
    var use: CacheUse {
        state.withLock { CacheUse(count: $0.entries.count, bytes: $0.bytes, hits: $0.hits, misses: $0.misses) }
    }

    /// The value of a key; nil where it is not held.
    func value(_ key: Key) -> Value? {
        state.withLock { state in
            guard let place = state.entries.firstIndex(where: { $0.key == key }) else {
                state.misses += 1
                return nil
            }
            state.hits += 1
            let entry = state.entries.remove(at: place)
            state.entries.append(entry)
            return entry.value
        }
    }

    func keep(_ value: Value, _ key: Key, bytes: Int) {
        state.withLock { state in
            if let place = state.entries.firstIndex(where: { $0.key == key }) {
                state.bytes -= state.entries.remove(at: place).bytes
            }
            state.entries.append((key, value, bytes))
            state.bytes += bytes
            while state.bytes > byteLimit, state.entries.count > 1 {
                state.bytes -= state.entries.removeFirst().bytes
            }
        }
    }
}

/// What a cache holds, and how it has served.
public struct CacheUse: Sendable, Equatable {
    /// The values that are held
    public let count: Int
    /// Their bytes
    public let bytes: Int
    /// How often a value that was asked for was held
    public let hits: Int
    /// How often it was not
    public let misses: Int
}
