import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTorch

// Keys and values as ordinary tensors: a compressor's vectors may be the keys and values of its summary positions.
extension Llama {
    /// The number of elements of one position's keys and values over all compressed layers
    /// (`LlamaConfiguration.compressedLayers`): 2 · layers · K · E.
    public var keyValueSize: Int {
        2 * compressedLayers.count * configuration.keyValueHeadCount * configuration.headSize
    }

    /// The keys and values of a cache's last positions, one row per position: layer by layer, key heads, then value
    /// heads.
    ///
    /// Keys are rotated back to position 0, so that a row can be placed at any position later. Gradients flow.
    ///
    /// - Parameters:
    ///   - cache: of B sequences that share none of these positions
    ///   - count: number of positions, at most `cache.count`
    /// - Returns: [B, count, keyValueSize] in the model's dtype
    public func keysAndValues(of cache: KeyValueCache, last count: Int) throws -> Tensor {
        guard count > 0, count <= cache.count else {
            throw ModelError(.invalid, "keys and values of \(count) positions, the cache holds \(cache.count)")
        }
        let layers = try cache.last(count, of: compressedLayers)
        let shape = [layers.count] + layers[0].keys.shape
        let keys = try rotated(
            Tensor.concatenated(layers.map(\.keys)).reshaped(shape), from: cache.count - count,
            length: cache.sequenceLength, back: true)
        let values = try Tensor.concatenated(layers.map(\.values)).reshaped(shape)
        return try rows(.stacked([keys, values], 1))
    }

    /// Keys [layers, B, K, n, E] of the compressed layers, rotated to positions from `start` on, or back from there to
    /// position 0, in a sequence of a length.
    private func rotated(_ keys: Tensor, from start: Int, length: Int, back: Bool) throws -> Tensor {
        func rotated(_ keys: Tensor, in layer: Int) throws -> Tensor {
            let rotary = rotary(of: layer)
            // Layers without rotary positions.
            guard rotary.count > 0 else { return keys }
            let (cosine, sine) = try rotary.unscaledAngles(start: start, count: keys.size(-2), length: length)
            return try keys.reshaped([-1] + keys.shape.suffix(3)).rotary(cosine: cosine, sine: back ? -sine : sine)
                .reshaped(keys.shape)
        }
        // All layers at once if they have the same rope.
        guard let first = compressedLayers.first else { return keys }
        if compressedLayers.allSatisfy({ blocks[$0].rope == blocks[first].rope }) {
            return try rotated(keys, in: first)
        }
        return try .stacked(compressedLayers.enumerated().map { try rotated(keys[$0.offset], in: $0.element) })
    }

    /// Keys and values [layers, 2, B, K, n, E] as one row per position: [B, n, keyValueSize].
    func rows(_ layers: Tensor) throws -> Tensor {
        try layers.permuted([2, 4, 0, 1, 3, 5]).reshaped([layers.size(2), layers.size(4), keyValueSize])
    }

    /// Appends positions with given keys and values, as returned by ``keysAndValues(of:last:)``, to a cache of the same
    /// number of sequences. Gradients flow.
    ///
    /// - Parameters:
    ///   - rows: [B, n, keyValueSize], converted to the model's dtype
    ///   - logWeight: added to the scores of these keys, which scales their weights by e^logWeight
    ///   - bias: [B or 1, layers, K, n], converted to float32, added to the scores per key and head of each compressed
    ///     layer; nil for none. A head that keeps fewer positions than others has -infinity for those after its last;
    ///     their keys and values may be any finite numbers.
    /// - Throws: `ModelError` if the rows or the bias belong to another model.
    public func append(
        _ rows: Tensor, to cache: KeyValueCache, logWeight: Double = 0, bias: Tensor? = nil
    ) throws {
        let shape = rows.shape
        guard shape.count == 3, shape[0] > 0, shape[1] > 0, shape[2] == keyValueSize else {
            throw ModelError(.invalid, "keys and values of shape \(shape), expected [B, n > 0, \(keyValueSize)]")
        }
        let length = cache.count + shape[1]
        try recompute(cache, forLength: length)
        try append(rows, to: cache, logWeight: logWeight, bias: bias, length: length)
        remember(.rows(rows, logWeight: logWeight, bias: bias), in: cache)
    }

    /// Appends positions in a sequence of a length, without recording their origin.
    func append(_ rows: Tensor, to cache: KeyValueCache, logWeight: Double, bias: Tensor?, length: Int) throws {
        let shape = rows.shape
        let (layers, heads, size) = (
            compressedLayers.count, configuration.keyValueHeadCount, configuration.headSize
        )
        let biases = try bias.map { bias in
            let expected = [layers, heads, shape[1]]
            guard bias.shape.count == 4, [1, shape[0]].contains(bias.size(0)), Array(bias.shape[1...]) == expected
            else {
                throw ModelError(
                    .invalid,
                    "a bias of shape \(bias.shape) for keys and values \(shape), expected [B or 1, \(layers), "
                        + "\(heads), \(shape[1])]")
            }
            return try bias.to(.float32, device: device).transposed(0, 1).contiguous()
        }
        let parts = try rows.to(dtype, device: device)
            .reshaped([shape[0], shape[1], layers, 2, heads, size]).permuted([3, 2, 0, 4, 1, 5])
        let keys = try rotated(parts[0], from: cache.count, length: length, back: false).contiguous()
        let values = try parts[1].contiguous()
        // Layers that keep fewer positions than others have only these; layers that are not compressed have none.
        var tensors: [(keys: Tensor, values: Tensor)?] = Array(repeating: nil, count: configuration.layerCount)
        var added: [Tensor?] = biases == nil ? [] : Array(repeating: nil, count: configuration.layerCount)
        let blanks = try biases.map { try self.blanks($0) }
        for (index, layer) in compressedLayers.enumerated() {
            let blank = blanks?[index] ?? 0
            guard blank < shape[1] else { continue }
            func kept(_ tensor: Tensor) throws -> Tensor {
                blank == 0
                    ? tensor : try tensor.narrowed(2, start: blank, length: shape[1] - blank).contiguous()
            }
            tensors[layer] = (try kept(keys[index]), try kept(values[index]))
            if let biases { added[layer] = try kept(biases[index]) }
        }
        try cache.append(tensors, count: shape[1], logWeight: logWeight, biases: added)
    }

    /// The number of leading keys that are masked for all heads of a layer, layer by layer.
    ///
    /// - Parameter biases: [layers, B or 1, K, n]
    private func blanks(_ biases: Tensor) throws -> [Int] {
        let (layers, count) = (biases.size(0), biases.size(3))
        return try withoutGradients {
            let maxima = try biases.reshaped([layers, -1, count]).max(1).array(of: Float.self)
            return (0..<layers).map { layer in
                maxima[layer * count..<(layer + 1) * count].prefix { $0 == -.infinity }.count
            }
        }
    }
}
