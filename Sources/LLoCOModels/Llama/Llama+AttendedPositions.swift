import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTorch

extension Llama {
    /// How far behind a text the questions about it are thought to lie, in tokens.
    private static let reach = 640

    /// The keys and values of those of a text's positions that its own queries attend to most: every head chooses for
    /// itself.
    ///
    /// The queries are asked from behind the text, at distances up to 640 tokens. A position's weight is the root of the
    /// sum of its squared attention times the length of its value, which is what it adds to the output: that keeps
    /// positions that draw attention only to have it rest (Xiao et al. 2024) from being chosen.
    ///
    /// Keys are turned back to position 0, as ``keysAndValues(of:last:)`` does. Gradients flow to keys and values.
    ///
    /// - Parameters:
    ///   - cache: of B sequences that share none of these positions
    ///   - count: the text is so many of its last positions
    ///   - queries: of a pass over the text
    ///   - kept: positions to choose, at most `count`
    /// - Returns: [B, kept, keyValueSize] in the model's dtype, the most attended first: the first rows are what fewer would
    ///   be
    public func attendedKeysAndValues(
        of cache: KeyValueCache, last count: Int, queries: QueryRecord, kept: Int
    ) throws -> Tensor {
        queries.close()
        guard count > 0, count <= cache.count, queries.count == count, 1...count ~= kept else {
            throw ModelError(
                .invalid,
                "\(kept) of the keys and values of \(count) positions, the cache holds \(cache.count), "
                    + "queries are there of \(queries.count)")
        }
        let start = cache.count - count
        // Turning a query from its own position to one behind the text.
        let turns = stride(from: 0, to: count, by: QueryRecord.spacing).map { count - $0 + (37 * $0) % Self.reach }
        let length = cache.sequenceLength
        let angles = try rotaries.map { rotary in
            (
                ahead: try rotary.turns(of: [turns], length: length),
                own: try rotary.turns(start: start, count: count, length: length)
            )
        }
        let (heads, headSize) = (configuration.keyValueHeadCount, configuration.headSize)
        var layers: [Tensor] = []
        for (layer, all) in zip(compressedLayers, try cache.last(cache.count, of: compressedLayers)) {
            let (ahead, own) = angles[blocks[layer].rope]
            let values = try all.values.narrowed(2, start: start, length: count)
            let chosen = try withoutGradients {
                let asked = try queries.queries(layer: layer).rotary(cosine: ahead.cosine, sine: ahead.sine)
                    .reshaped([values.size(0), heads, -1, headSize])
                let content = try values.to(.float32)
                let scale = blocks[layer].description.attentionScale ?? 1 / Double(headSize).squareRoot()
                let squares = try squaredAttention(asked, all.keys, scale: scale).narrowed(
                    2, start: start, length: count)
                return try places(of: (squares * (content * content).sum(-1)).sqrt(), kept)
            }
            let keys = try all.keys.narrowed(2, start: start, length: count)
                .rotary(cosine: own.cosine, sine: -own.sine)
            layers.append(try .stacked([keys.gathered(2, chosen), values.gathered(2, chosen)]))
        }
        return try rows(.stacked(layers))
    }

    /// The sum over queries [B, K, n, E] of their squared attention to keys [B, K, N, E]: [B, K, N], float32.
    private func squaredAttention(_ queries: Tensor, _ keys: Tensor, scale: Double) throws -> Tensor {
        let (batch, heads, count) = (queries.size(0), queries.size(1), queries.size(2))
        /// Adds to what is there, for so many queries at a time.
        func add(_ queries: Tensor, _ turned: Tensor, to sums: Tensor, chunk: Int) throws {
            for start in stride(from: 0, to: count, by: chunk) {
                let scores = try queries.narrowed(-2, start: start, length: min(chunk, count - start)).matmul(turned)
                    .to(.float32)
                let attention = try (scores * scale).softmax(-1)
                try sums.add((attention * attention).sum(-2))
            }
        }
        let turned = try keys.transposed(2, 3)
        let sums = try Tensor.zeros([batch, heads, keys.size(2)], device: device)
        guard device == .cpu else {
            // All heads, and as many queries as have scores of 512 MB.
            try add(queries, turned, to: sums, chunk: max(128, (1 << 27) / (batch * heads * keys.size(2))))
            return sums
        }
        // So many at a time of a head stay in a core's cache: all at once took twice as long.
        for sequence in 0..<batch {
            for head in 0..<heads {
                try add(queries[sequence][head], turned[sequence][head], to: sums[sequence][head], chunk: 128)
            }
        }
        return sums
    }

    /// The places of each head's greatest weights [B, K, n], the greatest first: [B, K, kept, E], to gather by.
    private func places(of weights: Tensor, _ kept: Int) throws -> Tensor {
        try weights.top(kept).indices.unsqueezed(3)
            .expanded([weights.size(0), weights.size(1), kept, configuration.headSize])
    }
}
