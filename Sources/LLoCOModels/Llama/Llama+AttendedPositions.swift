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
    ///   - selection: which of them each head has, and how many; nil for as many each
    /// - Returns: rows [B, kept, keyValueSize] in the model's dtype, the most attended first: the first rows are what fewer
    ///   would be. With a selection a row is its entries, [heads, 2, E], and the bias [B, heads, kept] is -infinity for
    ///   entries of heads that have no position left to keep; nil where all have.
    public func attendedKeysAndValues(
        of cache: KeyValueCache, last count: Int, queries: QueryRecord, kept: Int, selection: HeadSelection? = nil
    ) throws -> (rows: Tensor, bias: Tensor?) {
        guard 1...max(1, count) ~= kept else {
            throw ModelError(.invalid, "\(kept) of the keys and values of \(count) positions")
        }
        let owners = try selection.map { try ownership(of: $0, rows: kept) }
        let heads = configuration.keyValueHeadCount
        var layers: [Tensor] = []
        try eachAttendedLayer(of: cache, last: count, queries: queries) { layer in
            let own = layers.count * heads..<(layers.count + 1) * heads
            let maximum = owners.map { min(count, $0.counts[own].max() ?? 0) } ?? kept
            let chosen = try withoutGradients {
                guard let selection else {
                    return try places(of: (layer.attention * layer.lengths).sqrt(), maximum)
                }
                return try places(of: selection.worth(of: layer, heads: own), maximum)
            }
            layers.append(try .stacked([layer.keys.gathered(2, chosen), layer.values.gathered(2, chosen)]))
        }
        guard let owners else { return (try rows(.stacked(layers)), nil) }
        return try entries(layers, owners, rows: kept)
    }

    /// What there is to choose from in a layer, of B sequences and n positions.
    package struct AttendedLayer {
        /// Turned back to position 0, [B, K, n, E]. Gradients flow.
        package let keys: Tensor
        /// [B, K, n, E]. Gradients flow.
        package let values: Tensor
        /// The sum of each position's squared attention from behind the text, [B, K, n], float32
        let attention: Tensor
        /// The square of its value's length, [B, K, n], float32
        let lengths: Tensor

        /// Half the logarithm of a square that may be 0
        private func halfLog(_ square: Tensor) throws -> Tensor { try (square + 1e-18).log() * 0.5 }

        /// The logarithm of the root of the summed squared attention
        package var logAttention: Tensor { get throws { try halfLog(attention) } }

        /// The logarithm of the value's length
        package var logLengths: Tensor { get throws { try halfLog(lengths) } }
    }

    /// Goes through the layers that are compressed; parameters as above.
    package func eachAttendedLayer(
        of cache: KeyValueCache, last count: Int, queries: QueryRecord, _ body: (AttendedLayer) throws -> Void
    ) throws {
        queries.close()
        guard count > 0, count <= cache.count, queries.count == count else {
            throw ModelError(
                .invalid,
                "attention to \(count) positions, the cache holds \(cache.count), queries are there of \(queries.count)"
            )
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
        for (layer, all) in zip(compressedLayers, try cache.last(cache.count, of: compressedLayers)) {
            let (ahead, own) = angles[blocks[layer].rope]
            // Of what comes before, a layer may hold less.
            let start = all.keys.size(2) - count
            let values = try all.values.narrowed(2, start: start, length: count)
            let (attention, lengths) = try withoutGradients {
                let asked = try queries.queries(layer: layer).rotary(cosine: ahead.cosine, sine: ahead.sine)
                    .reshaped([values.size(0), heads, -1, headSize])
                let content = try values.to(.float32)
                let scale = blocks[layer].description.attentionScale ?? 1 / Double(headSize).squareRoot()
                let squares = try squaredAttention(asked, all.keys, scale: scale)
                return (try squares.narrowed(2, start: start, length: count), try (content * content).sum(-1))
            }
            let keys = try all.keys.narrowed(2, start: start, length: count)
                .rotary(cosine: own.cosine, sine: -own.sine)
            try body(AttendedLayer(keys: keys, values: values, attention: attention, lengths: lengths))
        }
    }

    private typealias Owners = (heads: [Int], counts: [Int])

    /// The head that each entry of some rows goes to, and how many entries each head has.
    private func ownership(of selection: HeadSelection, rows: Int) throws -> Owners {
        let count = compressedLayers.count * configuration.keyValueHeadCount
        let numbers = selection.directions.count
        guard selection.count == count, [0, 2 * count * configuration.headSize].contains(numbers) else {
            throw ModelError(
                .invalid,
                "a selection for \(selection.count) heads with \(numbers) numbers, the model has \(count) heads of "
                    + "\(configuration.headSize)")
        }
        let heads = selection.owners(rows: rows)
        return (heads, heads.reduce(into: Array(repeating: 0, count: count)) { $0[$1] += 1 })
    }

    /// Rows of entries of the heads in turn.
    ///
    /// - Parameter layers: keys and values [2, B, K, m, E] of each layer, the most attended first; m may differ
    private func entries(_ layers: [Tensor], _ owners: Owners, rows: Int) throws -> (rows: Tensor, bias: Tensor?) {
        let (heads, batch) = (configuration.keyValueHeadCount, layers[0].size(1))
        // Where each head's positions begin among all.
        var starts: [Int] = []
        var lengths: [Int] = []
        var total = 0
        for layer in layers {
            for _ in 0..<heads {
                starts.append(total)
                lengths.append(layer.size(3))
                total += layer.size(3)
            }
        }
        var seen = Array(repeating: 0, count: starts.count)
        var indices: [Int64] = []
        var blanks: [Float] = []
        for head in owners.heads {
            let isThere = seen[head] < lengths[head]
            indices.append(Int64(isThere ? starts[head] + seen[head] : 0))
            blanks.append(isThere ? 0 : -.infinity)
            seen[head] += 1
        }
        let all = try Tensor.concatenated(
            layers.filter { $0.size(3) > 0 }.map {
                try $0.permuted([1, 2, 3, 0, 4]).reshaped([batch, heads * $0.size(3), 2, configuration.headSize])
            }, 1)
        let picked = try all.indexSelected(1, Tensor(indices).to(device: device)).reshaped([batch, rows, keyValueSize])
        guard blanks.contains(where: { $0 != 0 }) else { return (picked, nil) }
        let bias = try Tensor(blanks, shape: [rows, starts.count]).transposed(0, 1).unsqueezed(0)
            .expanded([batch, starts.count, rows]).contiguous().to(device: device)
        return (picked, bias)
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
