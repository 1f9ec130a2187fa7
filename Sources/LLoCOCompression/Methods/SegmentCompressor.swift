import LLoCOCheckpoints
package import LLoCOModels
package import LLoCOTorch

/// A compression method: how a segment becomes vectors, how many, and how a model attends to them.
///
/// In all members `segmentTokens` is the number of tokens in a full segment, and `summaryTokens` its number of vectors.
package protocol SegmentCompressor: Sendable {
    var form: VectorForm { get }
    /// The input of its summary positions
    var summaryInput: CompressionMethod.SummaryInput { get }
    var adapterScope: AdapterScope { get }

    /// Which positions each head keeps; nil (the default) if each vector has one entry per head
    var selection: HeadSelection? { get }

    /// Whether the keys of several segments' vectors are scaled to draw as much attention as one segment's; see
    /// ``VectorReading``. False by default.
    var isScaledToOneSegment: Bool { get }

    /// Rows of the learned summary embeddings.
    func learnedRows(summaryTokens: Int) -> Int

    /// The initial summary embeddings of training, [``learnedRows(summaryTokens:)``, D], float32.
    func initialEmbeddings(_ decoder: Llama, summaryTokens: Int) throws -> Tensor

    /// The number of vectors for a segment of `tokens` tokens; `summaryTokens` by default.
    func vectors(of tokens: Int, segmentTokens: Int, summaryTokens: Int) -> Int

    /// The maximum number of vectors for a segment of `tokens` tokens.
    func vectorLimit(tokens: Int, summaryTokens: Int) -> Int

    /// The number of positions computed to make `vectors` vectors of `tokens` tokens; their sum by default.
    func positions(tokens: Int, vectors: Int) -> Int

    /// Compresses B segments of equal length, each of another text, to `count` vectors each. Gradients flow.
    ///
    /// - Parameters:
    ///   - ids: each segment's tokens
    ///   - previous: vectors of earlier segments that the cache does not hold yet
    ///   - cache: the earlier context of the B sequences; `Llama.emptyContext` for a first segment. `previous` and the
    ///     segments' texts are added to it; summary positions are not.
    /// - Returns: vectors in the model's dtype
    func vectors(
        of ids: [[Int]], count: Int, after previous: SegmentVectors?, in cache: KeyValueCache, _ pass: SegmentPass
    ) throws -> SegmentVectors
}

/// Defaults: summary positions, the same number for short and full segments.
extension SegmentCompressor {
    package var selection: HeadSelection? { nil }

    package var isScaledToOneSegment: Bool { false }

    package func vectors(of tokens: Int, segmentTokens: Int, summaryTokens: Int) -> Int { summaryTokens }

    package func positions(tokens: Int, vectors: Int) -> Int { tokens + vectors }
}

extension Llama {
    /// `count` copies of the end-of-text token's embedding, [count, D], float32: initial learned summary embeddings.
    func endOfTextEmbeddings(_ count: Int) throws -> Tensor {
        try embed(Array(repeating: configuration.eosTokenIDs.first ?? 0, count: count))[0].to(.float32).cloned()
    }
}
