import LLoCOCheckpoints
package import LLoCOModels
package import LLoCOTorch

/// Vectors of summary positions that are read behind a segment's text in a pass of their own: their keys and values in
/// all layers, as in 500xCompressor (Li et al. 2024), or, an older variant, their hidden states, read as input
/// embeddings.
public struct SummaryVectors: Sendable, Hashable {
    /// What a summary position is given.
    public enum Input: Sendable, Hashable, CaseIterable {
        /// an embedding of its own
        case learned
        /// the embedding of one of the segment's tokens, those that the model expects least in the text's order, plus
        /// one learned embedding that all share; there may be any number of them
        case picked
    }

    /// What a vector is
    public let form: VectorForm
    /// What a summary position is given
    public let input: Input
    /// Where the adapter is on
    public let adapterScope: AdapterScope

    /// Keys and values.
    public init(_ input: Input, adapterScope: AdapterScope = .everywhere) {
        form = .keysAndValues
        self.input = input
        self.adapterScope = adapterScope
    }

    /// Embeddings; nil for learned ones with the adapter everywhere, which are the published AutoCompressor's.
    public init?(embeddings input: Input, adapterScope: AdapterScope) {
        guard input != .learned || adapterScope != .everywhere else { return nil }
        form = .embeddings
        self.input = input
        self.adapterScope = adapterScope
    }
}

extension SummaryVectors: SegmentCompressor {
    package var summaryInput: CompressionMethod.SummaryInput {
        switch input {
        case .learned: .learned
        case .picked: .picked
        }
    }

    package func learnedRows(summaryTokens: Int) -> Int { input == .learned ? summaryTokens : 1 }

    /// What is added to picked tokens' embeddings begins with zero.
    package func freshEmbeddings(_ decoder: Llama, summaryTokens: Int) throws -> Tensor {
        switch input {
        case .learned: try decoder.endEmbeddings(summaryTokens)
        case .picked: try .zeros([1, decoder.configuration.hiddenSize], device: decoder.device)
        }
    }

    package func vectorLimit(tokens: Int, summaryTokens: Int) -> Int { input == .learned ? summaryTokens : .max }

    package func vectors(
        of ids: [[Int]], count: Int, after previous: SegmentVectors?, in cache: KeyValueCache, _ pass: SegmentPass
    ) throws -> SegmentVectors {
        let decoder = pass.decoder
        var text = try decoder.embed(ids)
        let length = text.size(1)
        if let previous {
            switch form {
            case .embeddings: text = try .concatenated([previous.values, text], 1)
            case .keysAndValues: try decoder.append(previous, to: cache)
            }
        }
        let states = try pass.read(text, in: cache, adapter: adapterScope, last: input == .picked ? length : 0)
        let end = cache.count
        let made = try decoder.hiddenStates(
            summaryInputs(ids, states, count: count, pass), cache: cache, adapters: pass.adapters,
            recomputes: pass.recomputes)
        let vectors = form == .embeddings ? made : try decoder.keysAndValues(of: cache, last: count)
        cache.truncate(to: end)
        return SegmentVectors(vectors)
    }

    /// What the summary positions are given: [B, count, D].
    ///
    /// - Parameter states: [B, T, D], what the model had seen at each token, where tokens are picked
    private func summaryInputs(_ ids: [[Int]], _ states: Tensor, count: Int, _ pass: SegmentPass) throws -> Tensor {
        guard input == .picked else { return try pass.learnedInputs(count, sequences: ids.count) }
        let decoder = pass.decoder
        let picked = try ids.enumerated().map { index, own in
            let surprisal = try withoutGradients {
                try Surprisal.values(
                    states[index].narrowed(0, start: 0, length: own.count - 1), targets: Array(own.dropFirst()),
                    decoder)
            }
            // A segment with fewer tokens than vectors has its tokens more than once.
            let places = Surprisal.greatest(min(count, own.count), of: surprisal)
            return (0..<count).map { own[places[$0 % places.count]] }
        }
        return try decoder.embed(picked) + pass.embedSummary.to(decoder.dtype)
    }
}
