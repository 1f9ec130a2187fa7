import Checkpoints
import Models
import Torch

/// The way of a segment to its vectors, or of several of one length at a time, while a text is compressed and while a
/// compressor is trained.
struct SegmentPass {
    let decoder: Llama
    let scheme: CompressionScheme
    /// [scheme.learnedRows, D]; gradients flow to it where it collects them
    let embedSummary: Tensor
    let adapters: ActiveAdapters
    var recomputes = false

    /// Reads B segments of one length, of different texts, and makes `count` vectors of each.
    ///
    /// - Parameters:
    ///   - ids: of each segment
    ///   - pending: [B, n, D], vectors of segments before them that the cache does not hold yet
    ///   - cache: what the segments see before that; the pending vectors and the segments' texts are added to it, the
    ///     summary positions are not
    /// - Returns: [B, count, D], or [B, count, keyValueSize] in the form of keys and values; of the model's dtype
    func vectors(of ids: [[Int]], pending: Tensor? = nil, cache: KeyValueCache, count: Int) throws -> Tensor {
        let text = try decoder.embed(ids)
        let length = text.size(1)
        let input = try pending.map { try Tensor.concatenated([$0, text], 1) } ?? text
        let readsAdapted = scheme.adapterScope != .summaries
        let queries = scheme.summaryInput == .attended ? QueryRecord(decoder) : nil
        func read() throws -> Tensor {
            try decoder.hiddenStates(
                input, cache: cache, adapters: readsAdapted ? adapters : .none,
                last: scheme.summaryInput == .picked ? length : 0, recomputes: recomputes, queries: queries)
        }
        // The model as it is has nothing to learn, and what it sees of earlier vectors is taken as given: gradients through
        // its pass would cost as much as the published way's.
        let states = try readsAdapted ? read() : withoutGradients(read)
        if let queries {
            return try decoder.attendedKeysAndValues(of: cache, last: length, queries: queries, kept: count)
        }
        let inputs = try ids.enumerated().map { index, own in
            try summaryInputs(
                own, scheme.summaryInput == .picked ? surprisal(of: own, states[index]) : nil, count: count)
        }
        let end = cache.count
        let made = try decoder.hiddenStates(
            .stacked(inputs), cache: cache, adapters: adapters, recomputes: recomputes)
        let vectors = scheme.form == .embeddings ? made : try decoder.keysAndValues(of: cache, last: count)
        cache.truncate(to: end)
        return vectors
    }

    /// How little the model expected each token but the first.
    ///
    /// - Parameter states: [T, D], what the model had seen at each
    private func surprisal(of ids: [Int], _ states: Tensor) throws -> [Float] {
        try withoutGradients {
            try Surprisal.values(
                states.narrowed(0, start: 0, length: ids.count - 1), targets: Array(ids.dropFirst()), decoder)
        }
    }

    /// What the summary positions of a segment are given: [count, D].
    private func summaryInputs(_ ids: [Int], _ surprisal: [Float]?, count: Int) throws -> Tensor {
        let learned = try embedSummary.to(decoder.dtype)
        guard let surprisal else { return try learned.narrowed(0, start: 0, length: count) }
        // A segment with fewer tokens than vectors has its tokens more than once.
        let places = Surprisal.greatest(min(count, ids.count), of: surprisal)
        let picked = (0..<count).map { ids[places[$0 % places.count]] }
        return try decoder.embed(picked)[0] + learned
    }
}
