import LLoCOCheckpoints
import LLoCOModels
import Synchronization

/// The keys and values of the text prompt that was read last: a prompt that begins with the same tokens, as the next
/// question about the same text does, goes on from there.
///
/// Whole chunks of a forward pass are taken over, so that the products are those of a prompt that is read from its beginning
/// and the answers are the same. One caller at a time has them: another that asks meanwhile reads its prompt anew.
final class PromptCache: Sendable {
    /// A prompt that was read.
    // Keys and values are no value type: whoever takes them has them alone.
    private struct Held: @unchecked Sendable {
        let ids: [Int]
        let keysAndValues: KeyValueCache
        /// What reading `ids` from the beginning took, seconds
        let seconds: Double
    }

    private let held = Mutex<Held?>(nil)
    private let stepSize = Mutex(Llama.chunk)

    /// Positions are taken over in multiples of it.
    var step: Int {
        get { stepSize.withLock { $0 } }
        set { stepSize.withLock { $0 = max(1, newValue) } }
    }

    /// A prompt's positions that need not be read.
    struct Reused {
        let cache: KeyValueCache
        /// Equal to `cache.count`
        let tokens: Int
        /// What they took when they were read, seconds
        let seconds: Double
    }

    /// The cache to read the prompt `ids` with, from its position `tokens` on.
    ///
    /// Until ``keep(_:_:seconds:)`` nothing is held, so that a prompt that fails leaves nothing half read.
    func reuse(for ids: [Int], of model: Llama) -> Reused {
        let held = held.withLock { held in
            defer { held = nil }
            return held
        }
        guard let held else {
            return Reused(
                cache: KeyValueCache(layerCount: model.configuration.layerCount), tokens: 0, seconds: 0)
        }
        let same = zip(ids, held.ids).prefix { $0 == $1 }.count
        // The last position has to be read for its scores.
        let tokens = min(same, ids.count - 1) / step * step
        held.keysAndValues.truncate(to: tokens)
        return Reused(
            cache: held.keysAndValues, tokens: tokens,
            seconds: held.seconds * Double(tokens) / Double(max(1, held.ids.count)))
    }

    /// Holds a prompt that was read.
    /// - Parameter seconds: what it took, those of what was reused included
    func keep(_ ids: [Int], _ reused: Reused, seconds: Double) {
        let prompt = Held(ids: ids, keysAndValues: reused.cache, seconds: seconds)
        held.withLock { $0 = prompt }
    }
}
