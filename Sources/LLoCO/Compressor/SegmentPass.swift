import Checkpoints
import Models
import Torch

/// The way of one segment to its vectors, while a text is compressed and while a compressor is trained.
struct SegmentPass {
    let decoder: Llama
    let scheme: CompressionScheme
    /// [scheme.learnedRows, D]; gradients flow to it where it collects them
    let embedSummary: Tensor
    let adapters: ActiveAdapters
    var recomputes = false

    /// Reads a segment and makes `count` vectors.
    ///
    /// - Parameters:
    ///   - ids: of the segment
    ///   - pending: [n, D], vectors of segments before it that the cache does not hold yet
    ///   - cache: what the segment sees before that; the pending vectors and the segment's text are added to it, the
    ///     summary positions are not
    /// - Returns: [count, D], or [count, keyValueSize] in the form of keys and values; of the model's dtype
    func vectors(of ids: [Int], pending: Tensor? = nil, cache: KeyValueCache, count: Int) throws -> Tensor {
        let text = try decoder.embed(ids)[0]
        let input = try pending.map { try Tensor.concatenated([$0, text]) } ?? text
        let readsAdapted = scheme.adapterScope != .summaries
        let queries = scheme.summaryInput == .attended ? QueryRecord(decoder) : nil
        func read() throws -> Tensor {
            try decoder.hiddenStates(
                input.unsqueezed(0), cache: cache, adapters: readsAdapted ? adapters : .none,
                last: scheme.summaryInput == .picked ? ids.count : 0, recomputes: recomputes, queries: queries)[0]
        }
        // The model as it is has nothing to learn, and what it sees of earlier vectors is taken as given: gradients through
        // its pass would cost as much as the published way's.
        let states = try readsAdapted ? read() : withoutGradients(read)
        if let queries {
            return try decoder.attendedKeysAndValues(of: cache, last: ids.count, queries: queries, kept: count)
        }
        var surprisal: [Float]?
        if scheme.summaryInput == .picked {
            surprisal = try withoutGradients {
                try Surprisal.values(
                    states.narrowed(0, start: 0, length: ids.count - 1), targets: Array(ids.dropFirst()), decoder)
            }
        }
        let end = cache.count
        let made = try decoder.hiddenStates(
            summaryInputs(ids, surprisal, count: count).unsqueezed(0), cache: cache, adapters: adapters,
            recomputes: recomputes)[0]
        let vectors = scheme.form == .embeddings ? made : try decoder.keysAndValues(of: cache, last: count)
        cache.truncate(to: end)
        return vectors
    }

    /// What the summary positions are given: [count, D].
    private func summaryInputs(_ ids: [Int], _ surprisal: [Float]?, count: Int) throws -> Tensor {
        let learned = try embedSummary.to(decoder.dtype)
        guard let surprisal else { return try learned.narrowed(0, start: 0, length: count) }
        // A segment with fewer tokens than vectors has its tokens more than once.
        let places = Surprisal.greatest(min(count, ids.count), of: surprisal)
        let picked = (0..<count).map { ids[places[$0 % places.count]] }
        return try decoder.embed(picked)[0] + learned
    }
}
