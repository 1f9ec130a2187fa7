import LLoCOCheckpoints
package import LLoCOModels
import LLoCOTorch

/// Reads prompts that begin alike: what they share is read once, level upon level, as a passage after the examples before
/// it.
///
/// What is computed for a prompt follows from the prompt and the levels below it alone, not from what was read before.
package final class SharedReading {
    package let adapters: ActiveAdapters
    private let decoder: Llama
    private let cache: KeyValueCache
    private var levels: [[Int]] = []
    /// What the cache begins with
    private var read: [Int] = []

    package init(_ decoder: Llama, adapters: ActiveAdapters = .none) {
        self.decoder = decoder
        self.adapters = adapters
        cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
    }

    /// Reads what the next prompts begin with.
    ///
    /// - Parameter level: how many levels stay below it; those above are forgotten
    package func hold(_ ids: [Int], level: Int) throws {
        levels.removeLast(max(0, levels.count - level))
        let rest = try unread(of: ids)
        try withoutGradients {
            if !rest.isEmpty {
                _ = try decoder.hiddenStates(decoder.embed(rest), cache: cache, adapters: adapters, last: 0)
            }
        }
        levels.append(ids)
        read = ids
    }

    /// What of a prompt has yet to be read, and the positions before it, good until the next call.
    ///
    /// - Parameter last: how many positions are read for their scores in any case
    package func begin(_ ids: [Int], last: Int = 1) throws -> (cache: KeyValueCache, rest: [Int]) {
        var rest = try unread(of: ids)
        if rest.count < last {
            rest = Array(ids.suffix(last))
            truncate(to: ids.count - rest.count)
        }
        return (cache, rest)
    }

    /// Leaves in the cache what the highest level and `ids` begin with; returns what follows of `ids`.
    private func unread(of ids: [Int]) throws -> [Int] {
        let held = levels.last ?? []
        if !read.starts(with: held) {
            // A prompt that was begun has cut into what is held: it is read again as it was the first time.
            let known = levels
            levels = []
            truncate(to: 0)
            for (level, ids) in known.enumerated() { try hold(ids, level: level) }
        }
        let same = zip(held, ids).prefix { $0 == $1 }.count
        truncate(to: same)
        return Array(ids[same...])
    }

    private func truncate(to count: Int) {
        cache.truncate(to: count)
        read = Array(read.prefix(count))
    }
}
