import LLoCOCheckpoints
public import LLoCOModels
package import LLoCOTorch

/// Vectors that are the keys and values of a segment's own tokens, in every head those that its queries attend to most
/// (``Llama/attendedKeysAndValues(of:last:queries:kept:selection:)``). There are no summary positions, and nothing has to be
/// learned.
public struct AttendedKeysAndValues: Sendable, Hashable {
    /// Where a trained adapter is on; ``AdapterScope/summaries``, nowhere, without one
    public let adapterScope: AdapterScope

    /// Which positions each head keeps, and how many; nil for as many each
    public let selection: HeadSelection?

    public init(adapterScope: AdapterScope = .summaries, selection: HeadSelection? = nil) {
        self.adapterScope = adapterScope
        self.selection = selection
    }
}

extension AttendedKeysAndValues: SegmentCompressor {
    package var form: VectorForm { .keysAndValues }
    package var summaryInput: CompressionMethod.SummaryInput { .attended }

    /// They drew most of their segment's attention and would draw more than it did where they stand side by side, the
    /// more so the more segments there are (`Docs/experiments.md` 14).
    package var isScaledToOneSegment: Bool { true }

    package func learnedRows(summaryTokens: Int) -> Int { 0 }

    package func freshEmbeddings(_ decoder: Llama, summaryTokens: Int) throws -> Tensor {
        try .zeros([0, decoder.configuration.hiddenSize], device: decoder.device)
    }

    /// In proportion to the segment.
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
        _ = try pass.read(text, in: cache, adapter: adapterScope, queries: queries)
        let kept = try decoder.attendedKeysAndValues(
            of: cache, last: text.size(1), queries: queries, kept: count, selection: selection)
        return SegmentVectors(kept.rows, bias: kept.bias)
    }
}
