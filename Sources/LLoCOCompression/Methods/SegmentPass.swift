package import LLoCOModels
package import LLoCOTorch

/// The decoder, summary embeddings and adapters that compress a segment, in inference and in training.
package struct SegmentPass {
    let decoder: Llama
    /// [learnedRows, D]; it receives gradients if it requires them
    let embedSummary: Tensor
    let adapters: ActiveAdapters
    /// Whether gradient checkpointing is on
    package let recomputes: Bool

    package init(decoder: Llama, embedSummary: Tensor, adapters: ActiveAdapters, recomputes: Bool = false) {
        self.decoder = decoder
        self.embedSummary = embedSummary
        self.adapters = adapters
        self.recomputes = recomputes
    }

    /// Runs the decoder over text.
    ///
    /// Without an adapter no gradients flow: the base model is frozen, and earlier vectors are treated as constants.
    /// Gradients through this pass would cost as much as those through the adapter's.
    ///
    /// - Parameters:
    ///   - input: [B, T, D], added to the cache
    ///   - scope: the adapters are active if it includes text
    ///   - last: return the states of this many last positions
    ///   - queries: records the queries; nil for no record
    /// - Returns: hidden states [B, last, D]
    func forward(
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

    /// The first `count` learned embeddings, repeated for B sequences: [B, count, D].
    func learnedInputs(_ count: Int, sequences: Int) throws -> Tensor {
        let learned = try embedSummary.to(decoder.dtype)
        return try learned.narrowed(0, start: 0, length: count).expanded([sequences, count, learned.size(1)])
    }
}
