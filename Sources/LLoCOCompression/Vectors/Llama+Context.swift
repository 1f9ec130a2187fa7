import LLoCOCheckpoints
package import LLoCOModels
package import LLoCOTorch

/// What the model has before it when it reads after documents' vectors.
extension Llama {
    /// The length of a vector: D, or that of a position's keys and values.
    func vectorSize(_ form: VectorForm) -> Int {
        form == .embeddings ? configuration.hiddenSize : keyValueSize
    }

    /// The positions of documents' vectors. Gradients flow.
    ///
    /// - Parameter adapters: those that read vectors of the form of embeddings
    /// - Returns: a cache of B sequences of n positions, one more in the form of keys and values
    /// - Throws: `ModelError` where the vectors are of another model.
    package func context(
        _ vectors: SegmentVectors, reading: VectorReading, adapters: ActiveAdapters, recomputes: Bool = false
    ) throws -> KeyValueCache {
        let cache = try emptyContext(reading.form, sequences: vectors.values.size(0))
        guard vectors.count > 0 else { return cache }
        switch reading.form {
        case .embeddings:
            _ = try hiddenStates(vectors.values, cache: cache, adapters: adapters, last: 0, recomputes: recomputes)
        case .keysAndValues:
            try append(
                vectors, to: cache, logWeight: reading.logWeight(of: vectors.count), selection: reading.selection)
        }
        return cache
    }

    /// Adds vectors that are keys and values to a cache of as many sequences. Gradients flow.
    ///
    /// - Parameters:
    ///   - logWeight: added to the scores of all these keys
    ///   - selection: whose each entry of a vector is; nil where each head has one of every vector
    package func append(
        _ vectors: SegmentVectors, to cache: KeyValueCache, logWeight: Double = 0, selection: HeadSelection? = nil
    ) throws {
        let vectors = try selection.map { try vectors.byHead($0, of: configuration) } ?? vectors
        let bias = try vectors.bias.map {
            try $0.reshaped([
                $0.size(0), configuration.compressedLayers.count, configuration.keyValueHeadCount, vectors.count,
            ])
        }
        try append(vectors.values, to: cache, logWeight: logWeight, bias: bias)
    }

    /// What one pass reads after documents' vectors: these too where they are embeddings, else after what `context`
    /// holds. Gradients flow.
    ///
    /// - Parameters:
    ///   - vectors: n > 0 of one text, of the model's dtype
    ///   - embeddings: [1, T, D], what follows them
    func input(
        _ vectors: SegmentVectors, before embeddings: Tensor, reading: VectorReading
    ) throws -> (embeddings: Tensor, context: KeyValueCache?) {
        switch reading.form {
        case .embeddings: (try .concatenated([vectors.values, embeddings], 1), nil)
        case .keysAndValues: (embeddings, try context(vectors, reading: reading, adapters: .none))
        }
    }

    /// What predicts the ends of several rows, each read for itself after the same context, or after its own. Gradients
    /// flow.
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
    /// rests on a text's first position (Xiao et al. 2024), and keys and values that were taken from the middle of a
    /// text have none.
    package func emptyContext(_ form: VectorForm, sequences: Int = 1) throws -> KeyValueCache {
        let cache = KeyValueCache(layerCount: configuration.layerCount)
        guard form == .keysAndValues else { return cache }
        try withoutGradients {
            let first = Array(repeating: [configuration.eosTokenIDs.first ?? 0], count: sequences)
            _ = try hiddenStates(embed(first), cache: cache, last: 0)
        }
        return cache
    }
}
