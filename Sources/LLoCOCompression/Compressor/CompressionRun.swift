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
    /// Vectors that are not in the cache yet, [n, D]
    private var pending: Tensor?
    private var segments: [Tensor]
    /// Where set, each vector is rounded so as soon as it is made, so that a run taken up from stored vectors goes on
    /// exactly as one that never stopped.
    private let rounding: DType?

    /// - Parameters:
    ///   - vectors: those of the segments before, [n, D]: the run goes on after them
    ///   - rounding: the dtype that vectors are stored in
    public init(_ compressor: Compressor, after vectors: Tensor? = nil, rounding: DType? = nil) throws {
        self.compressor = compressor
        self.rounding = rounding
        cache = try compressor.decoder.emptyContext(compressor.scheme.form)
        start = cache.count
        segments = []
        if let vectors, vectors.size(0) > 0 {
            segments = [try vectors.to(.float32, device: .cpu)]
            pending = try carried(vectors.to(compressor.decoder.dtype, device: compressor.decoder.device))
        }
    }

    /// Compresses the next segment to vectors [``CompressionScheme/vectors(of:)``, vectorSize], float32.
    ///
    /// - Parameter ids: the segment's tokens, 1 to the scheme's `segmentTokens`
    /// - Throws: `ModelError` for another number of tokens, an id outside the vocabulary, or vectors that are no numbers;
    ///   `TorchError` where memory does not suffice.
    public mutating func compress(_ ids: [Int]) throws -> Tensor {
        let scheme = compressor.scheme
        guard !ids.isEmpty, ids.count <= scheme.segmentTokens else {
            throw ModelError(.invalid, "a segment of \(ids.count) tokens, expected 1 to \(scheme.segmentTokens)")
        }
        return try withoutGradients {
            let decoder = compressor.decoder
            var pending = pending
            if scheme.form == .keysAndValues, let rows = pending {
                try decoder.append(rows.unsqueezed(0), to: cache)
                pending = nil
            }
            let prefixLength = cache.count + (pending?.size(0) ?? 0)
            var made: Tensor
            if scheme.isPublished {
                // Text and summary positions in one pass.
                let prefix = pending.map { [$0] } ?? []
                let input = try Tensor.concatenated(prefix + [decoder.embed(ids)[0], compressor.embedSummary])
                made = try decoder.hiddenStates(
                    input.unsqueezed(0), cache: cache, adapters: compressor.adapters, last: scheme.summaryTokens)[0]
            } else {
                made = try SegmentPass(
                    decoder: decoder, scheme: scheme, embedSummary: compressor.embedSummary,
                    adapters: compressor.adapters
                ).vectors(
                    of: [ids], pending: pending?.unsqueezed(0), cache: cache, count: scheme.vectors(of: ids.count))[0]
            }
            cache.truncate(to: scheme.carry == .accumulated ? prefixLength : start)
            if let rounding { made = try made.to(rounding).to(decoder.dtype) }
            self.pending = try carried(made.cloned())
            let vectors = try made.to(.float32, device: .cpu)
            guard try vectors.isAllFinite() else {
                throw ModelError(
                    .damaged,
                    "the compressor made vectors that are no numbers in \(decoder.dtype): its weights or the model's are "
                        + "damaged, or too large for it", hint: .computeInFloat32)
            }
            segments.append(vectors)
            return vectors
        }
    }

    /// All vectors so far, [n, D], float32, those that the run started from included.
    public func vectors() throws -> Tensor {
        segments.isEmpty
            ? try Tensor.zeros([0, compressor.vectorSize])
            : try Tensor.concatenated(segments)
    }

    /// What the next segment sees of the vectors made last.
    private func carried(_ vectors: Tensor) throws -> Tensor? {
        switch compressor.scheme.carry {
        case .accumulated:
            return vectors
        case .newest:
            let count = min(compressor.scheme.summaryTokens, vectors.size(0))
            return try vectors.narrowed(0, start: vectors.size(0) - count, length: count)
        case .independent:
            return nil
        }
    }
}
