import LLoCOCheckpoints
import LLoCOTorch

// Rotary frequencies that depend on the sequence's length (``Rope/dependsOnLength``). A cache's positions are always as
// if computed by one forward pass over the whole sequence. They are recomputed when the length changes the frequencies:
// once with LongRoPE, at each step beyond the original window with dynamic NTK scaling.
extension Llama {
    /// Whether rotary frequencies depend on the sequence's length.
    var dependsOnLength: Bool { rotaries.contains { $0.rope?.dependsOnLength ?? false } }

    /// Recomputes a cache's positions if a sequence of `length` has other rotary frequencies.
    func recompute(_ cache: KeyValueCache, forLength length: Int) throws {
        guard dependsOnLength else { return }
        let isCurrent = rotaries.allSatisfy { $0.isSame(cache.sequenceLength, length) }
        if cache.count > 0, !isCurrent {
            let origins = try KeyValueCache.merged(cache.origins)
            var fresh = KeyValueCache(layerCount: configuration.layerCount)
            for origin in origins {
                switch origin {
                case .embeddings(let embeddings, let mask, let positions, let adapters):
                    _ = try states(
                        embeddings, cache: fresh, mask: mask, positions: positions, adapters: adapters, last: 0,
                        recomputes: false, queries: nil, length: length)
                case .rows(let rows, let logWeight, let bias):
                    try append(rows, to: fresh, logWeight: logWeight, bias: bias, length: length)
                case .shared(let batch): fresh = try fresh.shared(by: batch)
                }
            }
            cache.replace(by: fresh, origins)
        }
        cache.sequenceLength = length
    }

    /// Records the inputs of positions added to a cache if they may have to be recomputed.
    func remember(_ origin: @autoclosure () throws -> KeyValueCache.Origin, in cache: KeyValueCache?) rethrows {
        guard let cache, dependsOnLength else { return }
        cache.remember(try origin())
    }
}
