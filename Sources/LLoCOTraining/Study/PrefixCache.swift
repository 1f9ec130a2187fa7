import LLoCOCheckpoints
package import LLoCOModels
import LLoCOTorch

/// A key-value cache for prompts with shared prefixes. Prefixes are nested in levels, such as examples, then examples
/// with a passage. Each is computed once.
///
/// A prompt's result depends only on the prompt and the current levels, not on earlier prompts.
package final class PrefixCache {
    package let adapters: ActiveAdapters
    private let decoder: Llama
    private let cache: KeyValueCache
    private var levels: [[Int]] = []
    /// The tokens at the beginning of the cache; a caller may have appended others
    private var cached: [Int] = []

    package init(_ decoder: Llama, adapters: ActiveAdapters = .none) {
        self.decoder = decoder
        self.adapters = adapters
        cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
    }

    /// Computes a prefix of the next prompts.
    ///
    /// - Parameter level: the prefix's level, from 0; this level and higher ones are replaced
    package func setPrefix(_ ids: [Int], level: Int) throws {
        levels.removeLast(max(0, levels.count - level))
        let rest = try uncached(of: ids)
        try withoutGradients {
            if !rest.isEmpty {
                _ = try decoder.hiddenStates(decoder.embed(rest), cache: cache, adapters: adapters, last: 0)
            }
        }
        levels.append(ids)
        cached = ids
    }

    /// Returns the cache of a prompt's longest usable prefix, valid until the next call, and the rest of the prompt.
    ///
    /// - Parameter last: minimum length of the rest, whose logits are needed
    package func prepare(_ ids: [Int], last: Int = 1) throws -> (cache: KeyValueCache, rest: [Int]) {
        var rest = try uncached(of: ids)
        if rest.count < last {
            rest = Array(ids.suffix(last))
            truncate(to: ids.count - rest.count)
        }
        return (cache, rest)
    }

    /// Truncates the cache to the common prefix of the highest level and `ids`; returns the rest of `ids`.
    private func uncached(of ids: [Int]) throws -> [Int] {
        let prefix = levels.last ?? []
        if !cached.starts(with: prefix) {
            // An earlier prompt has truncated the prefix: recompute all levels as the first time.
            let saved = levels
            levels = []
            truncate(to: 0)
            for (level, ids) in saved.enumerated() { try setPrefix(ids, level: level) }
        }
        let same = zip(prefix, ids).prefix { $0 == $1 }.count
        truncate(to: same)
        return Array(ids[same...])
    }

    private func truncate(to count: Int) {
        cache.truncate(to: count)
        cached = Array(cached.prefix(count))
    }
}
