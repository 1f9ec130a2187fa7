import LLoCOCheckpoints
public import LLoCOModels
package import LLoCOTorch

/// Vectors that are keys and values of a segment's tokens: each head keeps those that its queries attend to most
/// (``Llama/attendedKeysAndValues(of:last:queries:kept:selection:)``). The method has no summary positions and needs no
/// training.
public struct AttendedKeysAndValues: Sendable, Hashable {
    /// Where a trained adapter is active; ``AdapterScope/summaries``, which is nowhere, without an adapter
    public let adapterScope: AdapterScope

    /// Which and how many positions each head keeps; nil for the same number in each head, by attention alone
    public let selection: HeadSelection?

    /// Creates the method; by default without an adapter and without a learned selection.
    public init(adapterScope: AdapterScope = .summaries, selection: HeadSelection? = nil) {
        self.adapterScope = adapterScope
        self.selection = selection
    }
}

extension AttendedKeysAndValues: SegmentCompressor {
    package var form: VectorForm { .keysAndValues }
    package var summaryInput: CompressionMethod.SummaryInput { .attended }

    /// The kept keys drew most of their segment's attention. Side by side, those of several segments would draw more
    /// attention than the text did, growing with the number of segments (`Docs/experiments.md` 14).
    package var isScaledToOneSegment: Bool { true }

    package func learnedRows(summaryTokens: Int) -> Int { 0 }

    package func initialEmbeddings(_ decoder: Llama, summaryTokens: Int) throws -> Tensor {
        try .zeros([0, decoder.configuration.hiddenSize], device: decoder.device)
    }

    /// Proportional to the segment's length.
    package func vectors(of tokens: Int, segmentTokens: Int, summaryTokens: Int) -> Int {
        min(tokens, (tokens * summaryTokens + segmentTokens - 1) / segmentTokens)
    }

    package func vectorLimit(tokens: Int, summaryTokens: Int) -> Int { tokens }

    package func positions(tokens: Int, vectors: Int) -> Int { tokens }

    package func vectors(
        of ids: [[Int]], count: Int, after previous: SegmentVectors?, in cache: KeyValueCache, _ pass: SegmentPass
    ) throws -> SegmentVectors {
        let decoder = pass.decoder
        let text = try decoder.embed(ids)
        if let previous { try decoder.append(previous, to: cache, selection: selection) }
        let queries = QueryRecord(decoder)
        _ = try pass.forward(text, in: cache, adapter: adapterScope, queries: queries)
        let kept = try decoder.attendedKeysAndValues(
            of: cache, last: text.size(1), queries: queries, kept: count, selection: selection)
        return SegmentVectors(kept.rows, bias: kept.bias)
    }
}
