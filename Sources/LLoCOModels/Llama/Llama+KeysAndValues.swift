import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTorch

/// Keys and values as ordinary tensors: a compressor's vectors may be those of its summary positions.
extension Llama {
    /// The length of one position's keys and values over all layers: 2 · layers · K · E.
    public var keyValueSize: Int {
        2 * configuration.layerCount * configuration.keyValueHeadCount * configuration.headSize
    }

    /// The keys and values of a cache's last positions, a row each: layer by layer, its key heads, then its value heads.
    ///
    /// Keys are turned back to position 0, so that a row may be given any place later. Gradients flow.
    ///
    /// - Parameters:
    ///   - cache: of B sequences that share none of these positions
    ///   - count: of the last positions, at most `cache.count`
    /// - Returns: [B, count, keyValueSize] in the model's dtype
    public func keysAndValues(of cache: KeyValueCache, last count: Int) throws -> Tensor {
        guard count > 0, count <= cache.count else {
            throw ModelError(.invalid, "keys and values of \(count) positions, the cache holds \(cache.count)")
        }
        let layers = try cache.last(count)
        let (cosine, sine) = try rotary.angles(start: cache.count - count, count: count)
        // [layers · B, K, count, E]
        let keys = try Tensor.concatenated(layers.map(\.keys)).rotary(cosine: cosine, sine: -sine)
        let values = try Tensor.concatenated(layers.map(\.values))
        let shape = [layers.count] + layers[0].keys.shape
        return try rows(.stacked([keys.reshaped(shape), values.reshaped(shape)], 1))
    }

    /// Keys and values [layers, 2, B, K, n, E], a row for each position: [B, n, keyValueSize].
    func rows(_ layers: Tensor) throws -> Tensor {
        try layers.permuted([2, 4, 0, 1, 3, 5]).reshaped([layers.size(2), layers.size(4), keyValueSize])
    }

    /// Adds positions whose keys and values are given, as ``keysAndValues(of:last:)`` returns them, to a cache of as many
    /// sequences. Gradients flow.
    ///
    /// - Parameters:
    ///   - rows: [B, n, keyValueSize], converted to the model's dtype
    ///   - logWeight: added to the scores of these keys, which so count e^logWeight times as much as others
    ///   - bias: the same for each key of each layer's heads, [B or 1, layers, K, n], converted to float32; nil for none. A
    ///     head that keeps fewer positions than others has -infinity for those behind its last, whose keys and values may be
    ///     any finite numbers.
    /// - Throws: `ModelError` where the rows or the bias are of another model.
    public func append(
        _ rows: Tensor, to cache: KeyValueCache, logWeight: Double = 0, bias: Tensor? = nil
    ) throws {
        let shape = rows.shape
        guard shape.count == 3, shape[0] > 0, shape[1] > 0, shape[2] == keyValueSize else {
            throw ModelError(.invalid, "keys and values of shape \(shape), expected [B, n > 0, \(keyValueSize)]")
        }
        let (layers, heads, size) = (
            configuration.layerCount, configuration.keyValueHeadCount, configuration.headSize
        )
        let biases = try bias.map { bias in
            let expected = [layers, heads, shape[1]]
            guard bias.shape.count == 4, [1, shape[0]].contains(bias.size(0)), Array(bias.shape[1...]) == expected
            else {
                throw ModelError(
                    .invalid,
                    "a bias of shape \(bias.shape) for keys and values \(shape), expected [B or 1, \(layers), \(heads), "
                        + "\(shape[1])]")
            }
            let ordered = try bias.to(.float32, device: device).transposed(0, 1).contiguous()
            return try (0..<layers).map { try ordered[$0] }
        }
        let parts = try rows.to(dtype, device: device)
            .reshaped([shape[0], shape[1], layers, 2, heads, size]).permuted([3, 2, 0, 4, 1, 5])
        let (cosine, sine) = try rotary.angles(start: cache.count, count: shape[1])
        let keys = try parts[0].reshaped([layers * shape[0], heads, shape[1], size])
            .rotary(cosine: cosine, sine: sine).reshaped([layers, shape[0], heads, shape[1], size])
        let values = try parts[1].contiguous()
        try cache.append(
            (0..<layers).map { (keys: try keys[$0], values: try values[$0]) }, count: shape[1], logWeight: logWeight,
            biases: biases ?? [])
    }
}
