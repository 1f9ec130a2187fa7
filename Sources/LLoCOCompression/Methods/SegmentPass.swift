package import LLoCOModels
package import LLoCOTorch

/// What segments are compressed with, in use and in training.
package struct SegmentPass {
    let decoder: Llama
    /// [learnedRows, D]; gradients flow to it where it collects them
    let embedSummary: Tensor
    let adapters: ActiveAdapters
    package let recomputes: Bool

    package init(decoder: Llama, embedSummary: Tensor, adapters: ActiveAdapters, recomputes: Bool = false) {
        self.decoder = decoder
        self.embedSummary = embedSummary
        self.adapters = adapters
        self.recomputes = recomputes
    }

    /// Reads text.
    ///
    /// The model as it is has nothing to learn, and what it sees of earlier vectors is taken as given: gradients
    /// through its pass would cost as much as the adapter's.
    ///
    /// - Parameters:
    ///   - input: [B, T, D], added to the cache
    ///   - last: of how many positions, the last ones, the states are wanted
    ///   - queries: where queries are kept
    /// - Returns: [B, last, D]
    func read(
        _ input: Tensor, in cache: KeyValueCache, adapter scope: AdapterScope, last: Int = 0,
        queries: QueryRecord? = nil
    ) throws -> Tensor {
        func states() throws -> Tensor {
            try decoder.hiddenStates(
                input, cache: cache, adapters: scope.includesText ? adapters : .none, last: last,
                recomputes: recomputes,
                queries: queries)
        }
        return try scope.includesText ? states() : withoutGradients(states)
    }

    /// The first `count` learned embeddings for each of B sequences: [B, count, D].
    func learnedInputs(_ count: Int, sequences: Int) throws -> Tensor {
        let learned = try embedSummary.to(decoder.dtype)
        return try learned.narrowed(0, start: 0, length: count).expanded([sequences, count, learned.size(1)])
    }
}
