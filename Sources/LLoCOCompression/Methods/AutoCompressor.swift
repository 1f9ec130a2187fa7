package import LLoCOModels
package import LLoCOTorch

/// The published method of AutoCompressor (Chevalier et al. 2023) and LLoCO (Tan et al. 2024):
///
///     prefix = []                                        // [0, D]
///     for x in split(tokens, segmentTokens):
///         h = norm(layers([prefix ; E(x) ; summary]))    // causal, positions from 0
///         prefix = [prefix ; h[last S]]
///
/// A vector is the hidden state after the final norm at a summary position, fed back unchanged as an input embedding.
/// Each summary position has its own learned embedding, and the adapter is active everywhere.
package struct AutoCompressor: SegmentCompressor {
    package init() {}

    package var form: VectorForm { .embeddings }
    package var summaryInput: CompressionMethod.SummaryInput { .learned }
    package var adapterScope: AdapterScope { .everywhere }

    package func learnedRows(summaryTokens: Int) -> Int { summaryTokens }

    package func initialEmbeddings(_ decoder: Llama, summaryTokens: Int) throws -> Tensor {
        try decoder.endOfTextEmbeddings(summaryTokens)
    }

    package func vectorLimit(tokens: Int, summaryTokens: Int) -> Int { summaryTokens }

    package func vectors(
        of ids: [[Int]], count: Int, after previous: SegmentVectors?, in cache: KeyValueCache, _ pass: SegmentPass
    ) throws -> SegmentVectors {
        let vectors = try hiddenStates(of: ids, summaries: count, after: previous, in: cache, last: count, pass)
        cache.truncate(to: cache.count - count)
        return SegmentVectors(vectors)
    }

    /// The hidden states of B segments, each followed by `summaries` summary positions, whose states are its vectors.
    ///
    /// - Parameters:
    ///   - cache: as in `vectors(of:count:after:in:_:)`, but the summary positions are added to it too
    ///   - last: return the states of this many last positions; nil for all, including `previous`
    /// - Returns: [B, last, D]
    package func hiddenStates(
        of ids: [[Int]], summaries: Int, after previous: SegmentVectors?, in cache: KeyValueCache, last: Int? = nil,
        _ pass: SegmentPass
    ) throws -> Tensor {
        let input = try Tensor.concatenated(
            (previous.map { [$0.values] } ?? []) + [
                pass.decoder.embed(ids), pass.learnedInputs(summaries, sequences: ids.count),
            ], 1)
        return try pass.decoder.hiddenStates(
            input, cache: cache, adapters: pass.adapters, last: last, recomputes: pass.recomputes)
    }
}
