import LLoCOCheckpoints
import LLoCOModels

/// The keys and values of the text prompt that was read last: a prompt that begins with the same tokens, as the next
/// question about the same text does, goes on from there.
///
/// Whole chunks of a pass are taken over, so that the products are those of a prompt that is read from its beginning and
/// the answers are the same.
final class PromptCache {
    /// Positions are taken over in multiples of it.
    var step = Llama.chunk
    private var ids: [Int] = []
    private var keysAndValues: KeyValueCache?
    /// What reading `ids` from the beginning took, seconds
    private var seconds = 0.0

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
        let same = zip(ids, self.ids).prefix { $0 == $1 }.count
        // The last position has to be read for its scores.
        let tokens = min(same, ids.count - 1) / step * step
        let share = self.ids.isEmpty ? 0 : Double(tokens) / Double(self.ids.count)
        let reused = Reused(
            cache: keysAndValues ?? KeyValueCache(layerCount: model.configuration.layerCount), tokens: tokens,
            seconds: seconds * share)
        reused.cache.truncate(to: tokens)
        clear()
        return reused
    }

    /// Holds a prompt that was read.
    /// - Parameter seconds: what it took, those of what was reused included
    func keep(_ ids: [Int], _ reused: Reused, seconds: Double) {
        self.ids = ids
        keysAndValues = reused.cache
        self.seconds = seconds
    }

    private func clear() {
        ids = []
        keysAndValues = nil
        seconds = 0
    }
}
