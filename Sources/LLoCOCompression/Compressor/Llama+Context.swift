import LLoCOCheckpoints
package import LLoCOModels
package import LLoCOTorch

/// What the model has before it when it reads after documents' vectors.
extension Llama {
    /// The positions of documents' vectors. Gradients flow.
    ///
    /// - Parameters:
    ///   - vectors: [B, n, D], or [B, n, keyValueSize] in the form of keys and values
    ///   - scheme: how they were made
    ///   - adapters: those that read vectors of the form of embeddings
    /// - Returns: a cache of B sequences of n positions, one more in the form of keys and values
    /// - Throws: `ModelError` where the vectors are of another model.
    package func context(
        _ vectors: Tensor, scheme: CompressionScheme, adapters: ActiveAdapters, recomputes: Bool = false
    ) throws -> KeyValueCache {
        let cache = try emptyContext(scheme.form, sequences: vectors.size(0))
        guard vectors.size(1) > 0 else { return cache }
        switch scheme.form {
        case .embeddings:
            _ = try hiddenStates(vectors, cache: cache, adapters: adapters, last: 0, recomputes: recomputes)
        case .keysAndValues:
            try append(vectors, to: cache, logWeight: scheme.logWeight(of: vectors.size(1)))
        }
        return cache
    }

    /// What one pass reads after documents' vectors: these too where they are embeddings, else after what `context` holds.
    /// Gradients flow.
    ///
    /// - Parameters:
    ///   - vectors: [n > 0, D], or [n > 0, keyValueSize] in the form of keys and values; of the model's dtype
    ///   - embeddings: [1, T, D], what follows them
    ///   - scheme: how the vectors were made
    func reading(
        _ vectors: Tensor, before embeddings: Tensor, scheme: CompressionScheme
    ) throws -> (embeddings: Tensor, context: KeyValueCache?) {
        switch scheme.form {
        case .embeddings: (try .concatenated([vectors.unsqueezed(0), embeddings], 1), nil)
        case .keysAndValues: (embeddings, try context(vectors.unsqueezed(0), scheme: scheme, adapters: .none))
        }
    }

    /// What predicts the ends of several rows, each read for itself after the same context, or after its own. Gradients flow.
    ///
    /// - Parameters:
    ///   - rows: their tokens, and the first of these that is predicted, 1 or more
    ///   - context: what comes before each of them: of one sequence, or of one for each row
    /// - Returns: the hidden states of each row, [ids.count - start, D]
    package func predictors(
        of rows: [(ids: [Int], start: Int)], after context: KeyValueCache?, adapters: ActiveAdapters, recomputes: Bool
    ) throws -> [Tensor] {
        // Padding stands behind the text, where no real position sees it, so no mask is needed.
        let length = rows.map { $0.ids.count - 1 }.max() ?? 0
        let inputs = rows.map { Array($0.ids.dropLast()) + Array(repeating: 0, count: length - $0.ids.count + 1) }
        let hidden = try hiddenStates(
            embed(inputs), cache: context?.shared(by: rows.count), adapters: adapters, recomputes: recomputes)
        return try rows.enumerated().map { index, row in
            try hidden[index].narrowed(0, start: row.start - 1, length: row.ids.count - row.start)
        }
    }

    /// The positions that come before any vector: none, or in the form of keys and values one ordinary token. Attention
    /// rests on a text's first position (Xiao et al. 2024), and keys and values that were taken from the middle of a text
    /// have none.
    package func emptyContext(_ form: CompressionScheme.Form, sequences: Int = 1) throws -> KeyValueCache {
        let cache = KeyValueCache(layerCount: configuration.layerCount)
        guard form == .keysAndValues else { return cache }
        try withoutGradients {
            let first = Array(repeating: [configuration.eosTokenIDs.first ?? 0], count: sequences)
            _ = try hiddenStates(embed(first), cache: cache, last: 0)
        }
        return cache
    }
}
