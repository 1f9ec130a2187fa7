import Checkpoints
import Models
import Torch

/// What the model has before it when it reads after documents' vectors.
extension Llama {
    /// The positions of documents' vectors. Gradients flow.
    ///
    /// - Parameters:
    ///   - vectors: [n, D], or [n, keyValueSize] in the form of keys and values
    ///   - adapters: those that read vectors of the form of embeddings
    /// - Returns: a cache of n positions, one more in the form of keys and values
    /// - Throws: `ModelError` where the vectors are of another model.
    func context(
        _ vectors: Tensor, form: CompressionScheme.Form, adapters: ActiveAdapters, recomputes: Bool = false
    ) throws -> KeyValueCache {
        switch form {
        case .embeddings:
            let cache = KeyValueCache(layerCount: configuration.layerCount)
            if vectors.size(0) > 0 {
                _ = try hiddenStates(
                    vectors.unsqueezed(0), cache: cache, adapters: adapters, last: 0, recomputes: recomputes)
            }
            return cache
        case .keysAndValues:
            let cache = try startedCache()
            if vectors.size(0) > 0 { try append(vectors, to: cache) }
            return cache
        }
    }

    /// A cache that begins with one ordinary token: attention rests on a text's first position (Xiao et al. 2024), and
    /// keys and values that were taken from the middle of a text have none.
    func startedCache() throws -> KeyValueCache {
        let cache = KeyValueCache(layerCount: configuration.layerCount)
        try withoutGradients {
            _ = try hiddenStates(embed([configuration.eosTokenIDs.first ?? 0]), cache: cache, last: 0)
        }
        return cache
    }
}
