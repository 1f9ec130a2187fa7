import LLoCOBase
import LLoCOModels
public import LLoCOTorch

/// The compression of one text, segment by segment. It can resume from the vectors made so far.
///
/// The prefix's keys and values are cached: its positions never change, and under causal attention earlier vectors do
/// not depend on later ones. A segment costs its own positions, and S more for the previous segment's vectors.
public struct CompressionRun {
    private let compressor: Compressor
    private let cache: KeyValueCache
    /// The cache's length before any vector
    private let start: Int
    /// Vectors to append to the cache with the next segment
    private var pending: SegmentVectors?
    /// float32
    private var segments: [SegmentVectors]
    /// The dtype that each new vector is rounded to at once; nil for none. With it a run that resumes from stored
    /// vectors gives the results of an uninterrupted one, except for the order of sums.
    private let rounding: DType?

    /// - Parameters:
    ///   - vectors: vectors of the segments compressed so far; nil to start a text
    ///   - rounding: the dtype that vectors are stored in; nil for no rounding
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
    /// - Throws: `ModelError` for another number of tokens, an id outside the vocabulary or non-finite vectors;
    ///   `TorchError` if memory runs out.
    public mutating func compress(_ ids: [Int]) throws -> SegmentVectors {
        let scheme = compressor.scheme
        guard !ids.isEmpty, ids.count <= scheme.segmentTokens else {
            throw ModelError(.invalid, "a segment of \(ids.count) tokens, expected 1 to \(scheme.segmentTokens)")
        }
        return try withoutGradients {
            let decoder = compressor.decoder
            let prefixLength = cache.count + (pending?.count ?? 0)
            var compressed = try scheme.segmentCompressor.vectors(
                of: [ids], count: scheme.vectors(of: ids.count), after: pending, in: cache,
                SegmentPass(
                    decoder: decoder, embedSummary: compressor.embedSummary, adapters: try compressor.adapters))
            cache.truncate(to: scheme.carry == .accumulated ? prefixLength : start)
            if let rounding { compressed = try compressed.to(rounding).to(decoder.dtype) }
            pending = try carried(compressed.cloned())
            let vectors = try compressed.to(.float32, device: .cpu)
            guard try vectors.values.isAllFinite() else {
                throw ModelError(
                    .damaged,
                    "the compressor made non-finite vectors in \(decoder.dtype), expected finite ones: its weights or "
                        + "the model's are damaged, or too large for this dtype", hint: .computeInFloat32)
            }
            segments.append(vectors)
            return vectors
        }
    }

    /// All vectors so far, float32, including those that the run resumed from.
    public func vectors() throws -> SegmentVectors {
        segments.isEmpty ? try compressor.noVectors() : try .concatenated(segments)
    }

    /// The part of the newest vectors that the next segment attends to; nil for none.
    private func carried(_ vectors: SegmentVectors) throws -> SegmentVectors? {
        switch compressor.scheme.carry {
        case .accumulated: vectors
        case .newest: try vectors.last(min(compressor.scheme.summaryTokens, vectors.count))
        case .independent: nil
        }
    }
}
