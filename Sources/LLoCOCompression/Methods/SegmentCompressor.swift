import LLoCOCheckpoints
package import LLoCOModels
package import LLoCOTorch

/// A method of compression: how a segment of a text becomes vectors, how many, and how these are read.
///
/// The two sizes that most of it depends on are `segmentTokens`, the tokens of a whole segment, and `summaryTokens`,
/// the vectors of one.
package protocol SegmentCompressor: Sendable {
    var form: VectorForm { get }
    /// The input of its summary positions, as files spell it
    var summaryInput: CompressionMethod.SummaryInput { get }
    var adapterScope: AdapterScope { get }

    /// Which positions each head keeps; nil where each has one of every vector, by default
    var selection: HeadSelection? { get }

    /// Whether the vectors of many segments are scaled to draw together as much attention as those of one; see
    /// ``VectorReading``.
    var isScaledToOneSegment: Bool { get }

    /// Rows of the learned summary embeddings.
    func learnedRows(summaryTokens: Int) -> Int

    /// The summary embeddings that training begins with: [``learnedRows(summaryTokens:)``, D], float32.
    func freshEmbeddings(_ decoder: Llama, summaryTokens: Int) throws -> Tensor

    /// The vectors of a segment of `tokens`.
    func vectors(of tokens: Int, segmentTokens: Int, summaryTokens: Int) -> Int

    /// The most vectors that a segment of `tokens` can have.
    func vectorLimit(tokens: Int, summaryTokens: Int) -> Int

    /// The positions that making `vectors` of a segment of `tokens` takes.
    func positions(tokens: Int, vectors: Int) -> Int

    /// Reads B segments of one length, of different texts, and makes `count` vectors of each. Gradients flow.
    ///
    /// - Parameters:
    ///   - ids: of each segment
    ///   - previous: vectors of segments before them that the cache does not hold yet
    ///   - cache: what the segments see before that, of B sequences: `Llama.emptyContext` to begin with. `previous` and
    ///     the segments' texts are added to it, summary positions are not.
    /// - Returns: of the model's dtype
    func vectors(
        of ids: [[Int]], count: Int, after previous: SegmentVectors?, in cache: KeyValueCache, _ pass: SegmentPass
    ) throws -> SegmentVectors
}

/// The usual: summary positions, as many for a short segment as for a whole one.
extension SegmentCompressor {
    package var selection: HeadSelection? { nil }

    package var isScaledToOneSegment: Bool { false }

    package func vectors(of tokens: Int, segmentTokens: Int, summaryTokens: Int) -> Int { summaryTokens }

    package func positions(tokens: Int, vectors: Int) -> Int { tokens + vectors }
}

extension Llama {
    /// `count` copies of the end-of-text row, [count, D], float32: what learned summary embeddings begin with.
    func endEmbeddings(_ count: Int) throws -> Tensor {
        try embed(Array(repeating: configuration.eosTokenIDs.first ?? 0, count: count))[0].to(.float32).cloned()
    }
}
