import LLoCOCheckpoints
import LLoCOModels
import Synchronization

/// An LRU prefix cache: the keys and values of prefilled text prompts.
///
/// A prompt that begins with the same tokens, as another question about the same text does, continues from the cached
/// prefix. Any number of prompts share the keys and values without a copy. Only whole prefill chunks are reused, so
/// that the matrix products, and with them the answers, equal those of an uncached prompt.
final class PromptCache: Sendable {
    /// A cached prompt.
    // Keys and values are of a reference type. They are only shared, under the mutex.
    private struct Entry: @unchecked Sendable {
        let ids: [Int]
        let keysAndValues: KeyValueCache
        let bytes: Int
        /// The prefill time of all `ids` in seconds.
        let seconds: Double
    }

    private struct State {
        /// The entries, least recently used first.
        var entries: [Entry] = []
        var step = Llama.chunk
        var hits = 0
        var misses = 0

        var bytes: Int { entries.reduce(0) { $0 + $1.bytes } }
    }

    /// The maximum bytes of all entries. The most recently used entry is always kept.
    let byteLimit: Int
    private let state = Mutex(State())

    init(byteLimit: Int = 1_000_000_000) { self.byteLimit = byteLimit }

    /// Prefixes are reused in multiples of this many positions.
    var step: Int {
        get { state.withLock { $0.step } }
        set { state.withLock { $0.step = max(1, newValue) } }
    }

    /// The content and hit counts.
    var use: CacheUse {
        state.withLock { CacheUse(count: $0.entries.count, bytes: $0.bytes, hits: $0.hits, misses: $0.misses) }
    }

    /// The reused beginning of a prompt.
    struct Reused {
        let cache: KeyValueCache
        /// The number of reused positions, `cache.count`.
        let tokens: Int
        /// The prefill time of the reused positions in seconds.
        let seconds: Double
    }

    /// The keys and values to continue the prompt `ids` with; empty if no prefix is cached.
    ///
    /// - Throws: `ModelError` if a cached entry has several sequences.
    func reuse(for ids: [Int], of model: Llama) throws -> Reused {
        let found: Reused? = try state.withLock { state in
            let common = state.entries.map { Self.commonCount(ids, $0.ids) }
            // The last position must be computed for its logits.
            let tokens = min(common.max() ?? 0, ids.count - 1) / state.step * state.step
            guard tokens > 0, let index = common.lastIndex(where: { $0 >= tokens }) else {
                state.misses += 1
                return nil
            }
            state.hits += 1
            let entry = state.entries.remove(at: index)
            state.entries.append(entry)
            let cache = try entry.keysAndValues.shared(by: 1)
            cache.truncate(to: tokens)
            return Reused(
                cache: cache, tokens: tokens,
                seconds: entry.seconds * Double(tokens) / Double(max(1, entry.ids.count)))
        }
        return found
            ?? Reused(cache: KeyValueCache(layerCount: model.configuration.layerCount), tokens: 0, seconds: 0)
    }

    /// Inserts a prefilled prompt. It replaces entries whose reusable prefix it contains, so that one entry serves all
    /// questions about a text.
    ///
    /// - Parameter seconds: the prefill time of the whole prompt, reused positions included
    func insert(_ ids: [Int], _ reused: Reused, seconds: Double) {
        let bytes = reused.cache.byteCount
        let prompt = Entry(ids: ids, keysAndValues: reused.cache, bytes: bytes, seconds: seconds)
        state.withLock { state in
            let step = state.step
            state.entries.removeAll { entry in
                Self.commonCount(ids, entry.ids) / step == entry.ids.count / step
            }
            state.entries.append(prompt)
            while state.bytes > byteLimit, state.entries.count > 1 { state.entries.removeFirst() }
        }
    }

    /// The length of the common prefix of two prompts.
    private static func commonCount(_ a: [Int], _ b: [Int]) -> Int { zip(a, b).prefix { $0 == $1 }.count }
}
