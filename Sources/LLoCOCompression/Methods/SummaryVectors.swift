import LLoCOCheckpoints
package import LLoCOModels
package import LLoCOTorch

/// Vectors of summary positions that are computed in a second forward pass, behind a segment's text: their keys and
/// values in all layers, as in 500xCompressor (Li et al. 2024), or, in an older variant, their hidden states, used as
/// input embeddings.
public struct SummaryVectors: Sendable, Hashable {
    /// The input embedding of a summary position.
    public enum Input: Sendable, Hashable, CaseIterable {
        /// Its own learned embedding
        case learned
        /// The embedding of one of the segment's tokens plus a shared learned embedding. The tokens with the highest
        /// surprisal are picked, in text order; any number of summary positions is possible.
        case picked
    }

    /// The form of the vectors
    public let form: VectorForm
    /// The input of the summary positions
    public let input: Input
    /// Where the adapter is active
    public let adapterScope: AdapterScope

    /// Vectors that are keys and values.
    public init(_ input: Input, adapterScope: AdapterScope = .everywhere) {
        form = .keysAndValues
        self.input = input
        self.adapterScope = adapterScope
    }

    /// Vectors that are input embeddings; nil for learned input with the adapter everywhere, which is
    /// ``CompressionMethod/autoCompressor``.
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

    /// The embedding that is added to picked tokens starts at zero.
    package func initialEmbeddings(_ decoder: Llama, summaryTokens: Int) throws -> Tensor {
        switch input {
        case .learned: try decoder.endOfTextEmbeddings(summaryTokens)
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
        let states = try pass.forward(text, in: cache, adapter: adapterScope, last: input == .picked ? length : 0)
        let end = cache.count
        let summaryStates = try decoder.hiddenStates(
            summaryInputs(ids, states, count: count, pass), cache: cache, adapters: pass.adapters,
            recomputes: pass.recomputes)
        let vectors = form == .embeddings ? summaryStates : try decoder.keysAndValues(of: cache, last: count)
        cache.truncate(to: end)
        return SegmentVectors(vectors)
    }

    /// The input embeddings of the summary positions, [B, count, D].
    ///
    /// - Parameter states: the text's hidden states, [B, T, D]; only used if tokens are picked
    private func summaryInputs(_ ids: [[Int]], _ states: Tensor, count: Int, _ pass: SegmentPass) throws -> Tensor {
        guard input == .picked else { return try pass.learnedInputs(count, sequences: ids.count) }
        let decoder = pass.decoder
        let picked = try ids.enumerated().map { index, tokens in
            let surprisal = try withoutGradients {
                try Surprisal.values(
                    states[index].narrowed(0, start: 0, length: tokens.count - 1), targets: Array(tokens.dropFirst()),
                    decoder)
            }
            // A segment with fewer tokens than vectors repeats its tokens.
            let places = Surprisal.greatest(min(count, tokens.count), of: surprisal)
            return (0..<count).map { tokens[places[$0 % places.count]] }
        }
        return try decoder.embed(picked) + pass.embedSummary.to(decoder.dtype)
    }
}
