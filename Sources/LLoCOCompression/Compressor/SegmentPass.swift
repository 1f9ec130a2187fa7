package import LLoCOModels
package import LLoCOTorch

/// The way of a segment to its vectors, or of several of one length at a time, while a text is compressed and while a
/// compressor is trained.
package struct SegmentPass {
    let decoder: Llama
    let scheme: CompressionScheme
    /// [scheme.learnedRows, D]; gradients flow to it where it collects them
    let embedSummary: Tensor
    let adapters: ActiveAdapters
    var recomputes = false

    package init(
        decoder: Llama, scheme: CompressionScheme, embedSummary: Tensor, adapters: ActiveAdapters,
        recomputes: Bool = false
    ) {
        self.decoder = decoder
        self.scheme = scheme
        self.embedSummary = embedSummary
        self.adapters = adapters
        self.recomputes = recomputes
    }

    /// Reads B segments of one length, of different texts, and makes `count` vectors of each.
    ///
    /// - Parameters:
    ///   - ids: of each segment
    ///   - pending: [B, n, D], vectors of segments before them that the cache does not hold yet
    ///   - cache: what the segments see before that; the pending vectors and the segments' texts are added to it, the
    ///     summary positions are not
    /// - Returns: [B, count, D], or [B, count, keyValueSize] in the form of keys and values; of the model's dtype
    package func vectors(of ids: [[Int]], pending: Tensor? = nil, cache: KeyValueCache, count: Int) throws -> Tensor {
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
        let end = cache.count
        let made = try decoder.hiddenStates(
            summaryInputs(ids, states, count: count), cache: cache, adapters: adapters, recomputes: recomputes)
        let vectors = scheme.form == .embeddings ? made : try decoder.keysAndValues(of: cache, last: count)
        cache.truncate(to: end)
        return vectors
    }

    /// What the summary positions are given: [B, count, D].
    ///
    /// - Parameter states: [B, T, D], what the model had seen at each token, where tokens are picked
    private func summaryInputs(_ ids: [[Int]], _ states: Tensor, count: Int) throws -> Tensor {
        let learned = try embedSummary.to(decoder.dtype)
        guard scheme.summaryInput == .picked else {
            return try learned.narrowed(0, start: 0, length: count).expanded([ids.count, count, learned.size(1)])
        }
        let picked = try ids.enumerated().map { index, own in
            let surprisal = try withoutGradients {
                try Surprisal.values(
                    states[index].narrowed(0, start: 0, length: own.count - 1), targets: Array(own.dropFirst()),
                    decoder)
            }
            // A segment with fewer tokens than vectors has its tokens more than once.
            let places = Surprisal.greatest(min(count, own.count), of: surprisal)
            return (0..<count).map { own[places[$0 % places.count]] }
        }
        return try decoder.embed(picked) + learned
    }
}
