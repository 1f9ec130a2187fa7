import LLoCOCheckpoints
package import LLoCOModels
package import LLoCOTorch

/// A decoder's context of documents' vectors.
extension Llama {
    /// The length of a vector: D, or the size of one position's keys and values.
    func vectorSize(_ form: VectorForm) -> Int {
        form == .embeddings ? configuration.hiddenSize : keyValueSize
    }

    /// A key-value cache that holds documents' vectors. Gradients flow.
    ///
    /// - Parameter adapters: active in the forward pass over vectors that are input embeddings
    /// - Returns: a cache of B sequences of n positions, plus one leading position if vectors are keys and values
    /// - Throws: `ModelError` if the vectors do not fit the model.
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

    /// Appends vectors of B texts that are keys and values to a cache of B sequences. Gradients flow.
    ///
    /// - Parameters:
    ///   - logWeight: added to the attention scores of all these keys
    ///   - selection: assigns a vector's entries to heads; nil if each vector has one entry per head
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

    /// The input of one forward pass over documents' vectors and what follows. Vectors that are input embeddings are
    /// prepended to `embeddings`; keys and values are returned as `context`. Gradients flow.
    ///
    /// - Parameters:
    ///   - vectors: n > 0 of one text, in the model's dtype
    ///   - embeddings: [1, T, D], the input after the vectors
    func input(
        _ vectors: SegmentVectors, before embeddings: Tensor, reading: VectorReading
    ) throws -> (embeddings: Tensor, context: KeyValueCache?) {
        switch reading.form {
        case .embeddings: (try .concatenated([vectors.values, embeddings], 1), nil)
        case .keysAndValues: (embeddings, try context(vectors, reading: reading, adapters: .none))
        }
    }

    /// The hidden states that predict the ends of several rows in one batch. Gradients flow.
    ///
    /// - Parameters:
    ///   - rows: each row's tokens, and the index of the first one to predict, 1 or more
    ///   - context: one sequence that all rows share, or one sequence per row; nil for none
    /// - Returns: the hidden states of each row, [ids.count - start, D]
    package func predictors(
        of rows: [(ids: [Int], start: Int)], after context: KeyValueCache?, adapters: ActiveAdapters, recomputes: Bool
    ) throws -> [Tensor] {
        // Padding follows the text, where causal attention hides it from real positions, so no mask is needed.
        let length = rows.map { $0.ids.count - 1 }.max() ?? 0
        let inputs = rows.map { Array($0.ids.dropLast()) + Array(repeating: 0, count: length - $0.ids.count + 1) }
        let hidden = try hiddenStates(
            embed(inputs), cache: context?.shared(by: rows.count), adapters: adapters, recomputes: recomputes)
        return try rows.enumerated().map { index, row in
            try hidden[index].narrowed(0, start: row.start - 1, length: row.ids.count - row.start)
        }
    }

    /// The cache before any vector: empty for input embeddings, one ordinary token for keys and values. That token is
    /// an attention sink (Xiao et al. 2024), which keys and values from the middle of a text do not contain.
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
