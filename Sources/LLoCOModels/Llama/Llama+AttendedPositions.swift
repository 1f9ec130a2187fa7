import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTorch

extension Llama {
    /// The maximum distance of the queries' assumed positions after a text, in tokens.
    private static let maximumDistance = 640

    /// The keys and values of the text's positions that the text's own queries attend to most; each head selects
    /// separately.
    ///
    /// The queries are rotated to positions after the text, at distances up to 640 tokens. A position's weight is the
    /// root of the sum of its squared attention times the length of its value, which bounds its contribution to the
    /// output. So attention sinks (Xiao et al. 2024) are not selected.
    ///
    /// Keys are rotated back to position 0, as in ``keysAndValues(of:last:)``. Gradients flow to keys and values.
    ///
    /// - Parameters:
    ///   - cache: of B sequences that share none of the text's positions
    ///   - count: the number of the text's positions, the last ones of the cache
    ///   - queries: recorded in a forward pass over the text
    ///   - kept: number of positions to select, at most `count`
    ///   - selection: the learned selection; nil for the same number in each head
    /// - Returns: rows [B, kept, keyValueSize] in the model's dtype, the most attended first: the first n rows equal
    ///   the result for n. With a selection, a row is [heads, 2, E] entries, and the bias [B, heads, kept] is -infinity
    ///   for entries of heads without a position left to keep; nil if no such entry exists.
    public func attendedKeysAndValues(
        of cache: KeyValueCache, last count: Int, queries: QueryRecord, kept: Int, selection: HeadSelection? = nil
    ) throws -> (rows: Tensor, bias: Tensor?) {
        guard 1...max(1, count) ~= kept else {
            throw ModelError(.invalid, "\(kept) positions to keep, expected 1 to \(count), the text's number")
        }
        let owners = try selection.map { try ownership(of: $0, rows: kept) }
        let heads = configuration.keyValueHeadCount
        var layers: [Tensor] = []
        try eachAttendedLayer(of: cache, last: count, queries: queries) { layer in
            let headRange = layers.count * heads..<(layers.count + 1) * heads
            let maximum = owners.map { min(count, $0.counts[headRange].max() ?? 0) } ?? kept
            let selected = try withoutGradients {
                guard let selection else {
                    return try topIndices(of: (layer.attention * layer.lengths).sqrt(), count: maximum)
                }
                return try topIndices(of: selection.worth(of: layer, heads: headRange), count: maximum)
            }
            layers.append(try .stacked([layer.keys.gathered(2, selected), layer.values.gathered(2, selected)]))
        }
        guard let owners else { return (try rows(.stacked(layers)), nil) }
        return try entries(layers, owners, rows: kept)
    }

    /// The candidate positions of a layer, for B sequences and n positions.
    package struct AttendedLayer {
        /// Keys rotated back to position 0, [B, K, n, E]. Gradients flow.
        package let keys: Tensor
        /// [B, K, n, E]. Gradients flow.
        package let values: Tensor
        /// The sum of each position's squared attention from after the text, [B, K, n], float32.
        let attention: Tensor
        /// The square of the value's length, [B, K, n], float32.
        let lengths: Tensor

        /// Half the logarithm of a square that may be 0.
        private func halfLog(_ square: Tensor) throws -> Tensor { try (square + 1e-18).log() * 0.5 }

        /// The logarithm of the root of the summed squared attention.
        package var logAttention: Tensor { get throws { try halfLog(attention) } }

        /// The logarithm of the value's length.
        package var logLengths: Tensor { get throws { try halfLog(lengths) } }
    }

    /// Calls `body` for each compressed layer; parameters as above.
    package func eachAttendedLayer(
        of cache: KeyValueCache, last count: Int, queries: QueryRecord, _ body: (AttendedLayer) throws -> Void
    ) throws {
        queries.close()
        guard count > 0, count <= cache.count, queries.count == count else {
            throw ModelError(
                .invalid,
                "attention to the last \(count) positions: the cache holds \(cache.count), queries of \(queries.count) "
                    + "are recorded")
        }
        let start = cache.count - count
        // The rotation of each query from its position to one after the text.
        let shifts = stride(from: 0, to: count, by: QueryRecord.spacing).map {
            count - $0 + (37 * $0) % Self.maximumDistance
        }
        let length = cache.sequenceLength
        let angles = try rotaries.map { rotary in
            (
                ahead: try rotary.unscaledAngles(of: [shifts], length: length),
                current: try rotary.unscaledAngles(start: start, count: count, length: length)
            )
        }
        let (heads, headSize) = (configuration.keyValueHeadCount, configuration.headSize)
        for (layer, all) in zip(compressedLayers, try cache.last(cache.count, of: compressedLayers)) {
            let (ahead, current) = angles[blocks[layer].rope]
            // A layer may have fewer positions before the text than the cache.
            let start = all.keys.size(2) - count
            let values = try all.values.narrowed(2, start: start, length: count)
            let (attention, lengths) = try withoutGradients {
                let shifted = try queries.queries(layer: layer).rotary(cosine: ahead.cosine, sine: ahead.sine)
                    .reshaped([values.size(0), heads, -1, headSize])
                let content = try values.to(.float32)
                let scale = blocks[layer].description.attentionScale ?? 1 / Double(headSize).squareRoot()
                let squares = try squaredAttention(shifted, all.keys, scale: scale)
                return (try squares.narrowed(2, start: start, length: count), try (content * content).sum(-1))
            }
            let keys = try all.keys.narrowed(2, start: start, length: count)
                .rotary(cosine: current.cosine, sine: -current.sine)
            try body(AttendedLayer(keys: keys, values: values, attention: attention, lengths: lengths))
        }
    }

    private typealias Owners = (heads: [Int], counts: [Int])

    /// The head of each entry of the rows, and the number of entries of each head.
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

    /// Builds rows of the heads' entries, in the order of `owners`.
    ///
    /// - Parameter layers: keys and values [2, B, K, m, E] of each layer, the most attended first; m may differ
    private func entries(_ layers: [Tensor], _ owners: Owners, rows: Int) throws -> (rows: Tensor, bias: Tensor?) {
        let (heads, batch) = (configuration.keyValueHeadCount, layers[0].size(1))
        // The offset of each head's positions among all.
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
        var used = Array(repeating: 0, count: starts.count)
        var indices: [Int64] = []
        var blanks: [Float] = []
        for head in owners.heads {
            let exists = used[head] < lengths[head]
            indices.append(Int64(exists ? starts[head] + used[head] : 0))
            blanks.append(exists ? 0 : -.infinity)
            used[head] += 1
        }
        let all = try Tensor.concatenated(
            layers.filter { $0.size(3) > 0 }.map {
                try $0.permuted([1, 2, 3, 0, 4]).reshaped([batch, heads * $0.size(3), 2, configuration.headSize])
            }, 1)
        let selected = try all.indexSelected(1, Tensor(indices).to(device: device))
            .reshaped([batch, rows, keyValueSize])
        guard blanks.contains(where: { $0 != 0 }) else { return (selected, nil) }
        let bias = try Tensor(blanks, shape: [rows, starts.count]).transposed(0, 1).unsqueezed(0)
            .expanded([batch, starts.count, rows]).contiguous().to(device: device)
        return (selected, bias)
    }

    /// The sum over queries [B, K, n, E] of their squared attention to keys [B, K, N, E]: [B, K, N], float32.
    private func squaredAttention(_ queries: Tensor, _ keys: Tensor, scale: Double) throws -> Tensor {
        let (batch, heads, count) = (queries.size(0), queries.size(1), queries.size(2))
        /// Adds to `sums`, `chunk` queries at a time.
        func add(_ queries: Tensor, _ transposed: Tensor, to sums: Tensor, chunk: Int) throws {
            for start in stride(from: 0, to: count, by: chunk) {
                let scores = try queries.narrowed(-2, start: start, length: min(chunk, count - start))
                    .matmul(transposed).to(.float32)
                let attention = try (scores * scale).softmax(-1)
                try sums.add((attention * attention).sum(-2))
            }
        }
        let transposed = try keys.transposed(2, 3)
        let sums = try Tensor.zeros([batch, heads, keys.size(2)], device: device)
        guard device == .cpu else {
            // All heads at once, with chunks of queries whose scores take 512 MB.
            try add(queries, transposed, to: sums, chunk: max(128, (1 << 27) / (batch * heads * keys.size(2))))
            return sums
        }
        // The scores of 128 queries of one head stay in a core's cache: all at once took twice as long.
        for sequence in 0..<batch {
            for head in 0..<heads {
                try add(queries[sequence][head], transposed[sequence][head], to: sums[sequence][head], chunk: 128)
            }
        }
        return sums
    }

    /// The indices of each head's greatest weights [B, K, n], in descending order: [B, K, count, E], for `gathered`.
    private func topIndices(of weights: Tensor, count: Int) throws -> Tensor {
        try weights.top(count).indices.unsqueezed(3)
            .expanded([weights.size(0), weights.size(1), count, configuration.headSize])
    }
}
