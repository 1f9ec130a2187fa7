import Checkpoints
public import Torch

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
    ///   - cache: of one sequence
    ///   - count: of the last positions, at most `cache.count`
    /// - Returns: [count, keyValueSize] in the model's dtype
    public func keysAndValues(of cache: KeyValueCache, last count: Int) throws -> Tensor {
        guard count > 0, count <= cache.count else {
            throw ModelError("keys and values of \(count) positions, the cache holds \(cache.count)")
        }
        let layers = try cache.last(count)
        let (cosine, sine) = try rotary.angles(start: cache.count - count, count: count)
        // [layers, K, count, E]
        let keys = try Tensor.concatenated(layers.map(\.keys)).rotary(cosine: cosine, sine: -sine)
        let values = try Tensor.concatenated(layers.map(\.values))
        return try rows(.stacked([keys, values], 1))
    }

    /// Keys and values [layers, 2, K, n, E], a row for each position: [n, keyValueSize].
    func rows(_ layers: Tensor) throws -> Tensor {
        try layers.permuted([3, 0, 1, 2, 4]).reshaped([layers.size(3), keyValueSize])
    }

    /// Adds positions whose keys and values are given, as ``keysAndValues(of:last:)`` returns them, to a cache of one
    /// sequence. Gradients flow.
    ///
    /// - Parameters:
    ///   - rows: [n, keyValueSize], converted to the model's dtype
    ///   - logWeight: added to the scores of these keys, which so count e^logWeight times as much as others
    /// - Throws: `ModelError` where the rows are of another model.
    public func append(_ rows: Tensor, to cache: KeyValueCache, logWeight: Double = 0) throws {
        let shape = rows.shape
        guard shape.count == 2, shape[0] > 0, shape[1] == keyValueSize else {
            throw ModelError("keys and values of shape \(shape), expected [n > 0, \(keyValueSize)]")
        }
        let (layers, heads) = (configuration.layerCount, configuration.keyValueHeadCount)
        let parts = try rows.to(dtype, device: device)
            .reshaped([shape[0], layers, 2, heads, configuration.headSize]).permuted([2, 1, 3, 0, 4])
        let (cosine, sine) = try rotary.angles(start: cache.count, count: shape[0])
        let keys = try parts[0].contiguous().rotary(cosine: cosine, sine: sine)
        let values = try parts[1].contiguous()
        try cache.append(
            (0..<layers).map { (keys: try keys[$0].unsqueezed(0), values: try values[$0].unsqueezed(0)) },
            count: shape[0], logWeight: logWeight)
    }
}
