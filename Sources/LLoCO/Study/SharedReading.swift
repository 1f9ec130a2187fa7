import Checkpoints
import Models
import Torch

/// Reads prompts that begin alike: what they share is read once, level upon level, as a passage after the examples before
/// it.
///
/// What is computed for a prompt follows from the prompt and the levels below it alone, not from what was read before.
final class SharedReading {
    let adapters: ActiveAdapters
    private let decoder: Llama
    private let cache: KeyValueCache
    private var levels: [[Int]] = []

    init(_ decoder: Llama, adapters: ActiveAdapters = .none) {
        self.decoder = decoder
        self.adapters = adapters
        cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
    }

    /// Reads what the next prompts begin with.
    ///
    /// - Parameter level: how many levels stay below it; those above are forgotten
    func hold(_ ids: [Int], level: Int) throws {
        levels.removeLast(max(0, levels.count - level))
        let rest = try unread(of: ids)
        try withoutGradients {
            if !rest.isEmpty {
                _ = try decoder.hiddenStates(decoder.embed(rest), cache: cache, adapters: adapters, last: 0)
            }
        }
        levels.append(ids)
    }

    /// What of a prompt has yet to be read, and the positions before it, good until the next call.
    func begin(_ ids: [Int]) throws -> (cache: KeyValueCache, rest: [Int]) {
        var rest = try unread(of: ids)
        if rest.isEmpty, let last = ids.last {
            // The last position is read for its scores.
            rest = [last]
            cache.truncate(to: ids.count - 1)
        }
        return (cache, rest)
    }

    /// Leaves in the cache what the highest level and `ids` begin with; returns what follows of `ids`.
    private func unread(of ids: [Int]) throws -> [Int] {
        let held = levels.last ?? []
        if cache.count < held.count {
            // A prompt that was begun has cut into what is held.
            let known = levels
            levels = []
            cache.truncate(to: 0)
            for (level, ids) in known.enumerated() { try hold(ids, level: level) }
        }
        let same = zip(held, ids).prefix { $0 == $1 }.count
        cache.truncate(to: same)
        return Array(ids[same...])
    }
}
