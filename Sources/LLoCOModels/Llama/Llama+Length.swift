import LLoCOCheckpoints
import LLoCOTorch

/// Sequences whose frequencies follow from their length (``Rope/dependsOnLength``): all of a cache's positions are what a
/// pass over the whole sequence would make them. They are computed once more when the length asks for other frequencies:
/// once with LongRoPE, at each step beyond the original window with a base that grows.
extension Llama {
    var dependsOnLength: Bool { rotaries.contains { $0.rope?.dependsOnLength ?? false } }

    /// Computes a cache's positions once more where a sequence of a length turns them otherwise.
    func turn(_ cache: KeyValueCache, for length: Int) throws {
        guard dependsOnLength else { return }
        let isTurned = rotaries.allSatisfy { $0.isSame(cache.sequenceLength, length) }
        if cache.count > 0, !isTurned {
            let origins = try KeyValueCache.merged(cache.origins)
            var fresh = KeyValueCache(layerCount: configuration.layerCount)
            for origin in origins {
                switch origin {
                case .embeddings(let embeddings, let mask, let positions, let adapters):
                    _ = try states(
                        embeddings, cache: fresh, mask: mask, positions: positions, adapters: adapters, last: 0,
                        recomputes: false, queries: nil, length: length)
                case .rows(let rows, let logWeight, let bias):
                    try place(rows, in: fresh, logWeight: logWeight, bias: bias, length: length)
                case .shared(let batch): fresh = try fresh.shared(by: batch)
                }
            }
            cache.take(fresh, origins)
        }
        cache.sequenceLength = length
    }

    /// Keeps what positions were added to a cache from, where they may be asked for once more.
    func remember(_ origin: @autoclosure () throws -> KeyValueCache.Origin, in cache: KeyValueCache?) rethrows {
        guard let cache, dependsOnLength else { return }
        cache.remember(try origin())
    }
}
