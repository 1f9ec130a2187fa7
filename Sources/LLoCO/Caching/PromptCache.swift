import LLoCOCheckpoints
import LLoCOModels
import Synchronization

/// The keys and values of text prompts that were read, those used last: a prompt that begins with the same tokens, as another
/// question about the same text does, goes on from there. They are shared, not copied, by any number of prompts at a time.
///
/// Whole chunks of a forward pass are taken over, so that the products are those of a prompt that is read from its beginning
/// and the answers are the same.
final class PromptCache: Sendable {
    /// A prompt that was read.
    // Keys and values are no value type: what is held is only shared, under the mutex.
    private struct Held: @unchecked Sendable {
        let ids: [Int]
        let keysAndValues: KeyValueCache
        let bytes: Int
        /// What reading `ids` from the beginning took, seconds
        let seconds: Double
    }

    private struct State {
        /// Those used last stand last.
        var held: [Held] = []
        var step = Llama.chunk
        var hits = 0
        var misses = 0

        var bytes: Int { held.reduce(0) { $0 + $1.bytes } }
    }

    /// The maximum bytes of all that is held; the prompt read last is kept in any case.
    let byteLimit: Int
    private let state = Mutex(State())

    init(byteLimit: Int = 1_000_000_000) { self.byteLimit = byteLimit }

    /// Positions are taken over in multiples of it.
    var step: Int {
        get { state.withLock { $0.step } }
        set { state.withLock { $0.step = max(1, newValue) } }
    }

    /// What is held, and how often a prompt went on from something.
    var use: CacheUse {
        state.withLock { CacheUse(count: $0.held.count, bytes: $0.bytes, hits: $0.hits, misses: $0.misses) }
    }

    /// A prompt's positions that need not be read.
    struct Reused {
        let cache: KeyValueCache
        /// Equal to `cache.count`
        let tokens: Int
        /// What they took when they were read, seconds
        let seconds: Double
    }

    /// The cache to read the prompt `ids` with, from its position `tokens` on: the prompt's own.
    ///
    /// - Throws: `ModelError` where what is held is of several sequences.
    func reuse(for ids: [Int], of model: Llama) throws -> Reused {
        let found: Reused? = try state.withLock { state in
            let common = state.held.map { Self.commonCount(ids, $0.ids) }
            // The last position has to be read for its scores.
            let tokens = min(common.max() ?? 0, ids.count - 1) / state.step * state.step
            guard tokens > 0, let place = common.lastIndex(where: { $0 >= tokens }) else {
                state.misses += 1
                return nil
            }
            state.hits += 1
            let held = state.held.remove(at: place)
            state.held.append(held)
            let cache = try held.keysAndValues.shared(by: 1)
            cache.truncate(to: tokens)
            return Reused(
                cache: cache, tokens: tokens,
                seconds: held.seconds * Double(tokens) / Double(max(1, held.ids.count)))
        }
        return found
            ?? Reused(cache: KeyValueCache(layerCount: model.configuration.layerCount), tokens: 0, seconds: 0)
    }

    /// Holds a prompt that was read, in the place of those that have no more to take over: of many questions about a text the
    /// last one stands for all.
    ///
    /// - Parameter seconds: what it took, those of what was reused included
    func keep(_ ids: [Int], _ reused: Reused, seconds: Double) {
        let bytes = reused.cache.byteCount
        let prompt = Held(ids: ids, keysAndValues: reused.cache, bytes: bytes, seconds: seconds)
        state.withLock { state in
            let step = state.step
            state.held.removeAll { held in
                Self.commonCount(ids, held.ids) / step == held.ids.count / step
            }
            state.held.append(prompt)
            while state.bytes > byteLimit, state.held.count > 1 { state.held.removeFirst() }
        }
    }

    /// How many tokens two prompts begin alike with.
    private static func commonCount(_ a: [Int], _ b: [Int]) -> Int { zip(a, b).prefix { $0 == $1 }.count }
}
