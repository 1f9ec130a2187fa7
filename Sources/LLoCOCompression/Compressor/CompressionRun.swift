import LLoCOBase
import LLoCOModels
public import LLoCOTorch

/// A text being compressed, segment after segment; it can be taken up again from the vectors made so far.
///
/// The prefix's keys and values are kept: its positions never move and causal attention keeps earlier vectors from
/// seeing later ones, so a segment costs its own positions and S more for the vectors of the segment before it.
public struct CompressionRun {
    private let compressor: Compressor
    private let cache: KeyValueCache
    /// Its positions before any vector
    private let start: Int
    /// Vectors that are not in the cache yet
    private var pending: SegmentVectors?
    /// float32
    private var segments: [SegmentVectors]
    /// Where set, each vector is rounded so as soon as it is made, so that a run taken up from stored vectors goes on
    /// as one that never stopped, but for the order of sums.
    private let rounding: DType?

    /// - Parameters:
    ///   - vectors: those of the segments before: the run goes on after them
    ///   - rounding: the dtype that vectors are stored in
    public init(_ compressor: Compressor, after vectors: SegmentVectors? = nil, rounding: DType? = nil) throws {
        self.compressor = compressor
        self.rounding = rounding
        cache = try compressor.decoder.emptyContext(compressor.vectorReading.form)
        start = cache.count
        segments = []
        if let vectors, vectors.count > 0 {
            segments = [try vectors.to(.float32, device: .cpu)]
            pending = try carried(vectors.to(compressor.decoder.dtype, device: compressor.decoder.device))
        }
    }

    /// Compresses the next segment to ``CompressionScheme/vectors(of:)`` vectors, float32.
    ///
    /// - Parameter ids: the segment's tokens, 1 to the scheme's `segmentTokens`
    /// - Throws: `ModelError` for another number of tokens, an id outside the vocabulary, or vectors that are no numbers;
    ///   `TorchError` where memory does not suffice.
    public mutating func compress(_ ids: [Int]) throws -> SegmentVectors {
        let scheme = compressor.scheme
        guard !ids.isEmpty, ids.count <= scheme.segmentTokens else {
            throw ModelError(.invalid, "a segment of \(ids.count) tokens, expected 1 to \(scheme.segmentTokens)")
        }
        return try withoutGradients {
            let decoder = compressor.decoder
            let prefixLength = cache.count + (pending?.count ?? 0)
            var made = try scheme.segmentCompressor.vectors(
                of: [ids], count: scheme.vectors(of: ids.count), after: pending, in: cache,
                SegmentPass(
                    decoder: decoder, embedSummary: compressor.embedSummary, adapters: try compressor.adapters))
            cache.truncate(to: scheme.carry == .accumulated ? prefixLength : start)
            if let rounding { made = try made.to(rounding).to(decoder.dtype) }
            pending = try carried(made.cloned())
            let vectors = try made.to(.float32, device: .cpu)
            guard try vectors.values.isAllFinite() else {
                throw ModelError(
                    .damaged,
                    "the compressor made vectors that are no numbers in \(decoder.dtype): its weights or the model's are "
                        + "damaged, or too large for it", hint: .computeInFloat32)
            }
            segments.append(vectors)
            return vectors
        }
    }

    /// All vectors so far, float32, those that the run started from included.
    public func vectors() throws -> SegmentVectors {
        segments.isEmpty ? try compressor.noVectors() : try .concatenated(segments)
    }

    /// What the next segment sees of the vectors made last.
    private func carried(_ vectors: SegmentVectors) throws -> SegmentVectors? {
        switch compressor.scheme.carry {
        case .accumulated: vectors
        case .newest: try vectors.last(min(compressor.scheme.summaryTokens, vectors.count))
        case .independent: nil
        }
    }
}
