import Torch

/// The keys and values of the positions that a decoder has already seen.
///
/// Without gradients the tensors are written into buffers that double when they are full; with gradients (a document's
/// vectors shared by several training sequences) they are joined, so that the graph stays whole.
public final class KeyValueCache {
    /// The positions held.
    public private(set) var count = 0
    private var layers: [(keys: Tensor, values: Tensor)?]
    /// Positions that the layers of the forward pass under way have already been given.
    private var pending = 0
    /// The positions below are also seen from elsewhere (a shared cache, a gradient's graph): to write other values
    /// there, after the cache was cut shorter, takes a copy.
    private var sharedCount = 0

    public init(layerCount: Int) {
        layers = Array(repeating: nil, count: layerCount)
    }

    /// Adds one layer's keys and values [B, K, T, E] and returns all of that layer's: [B, K, count + T, E].
    func append(layer: Int, keys: Tensor, values: Tensor) throws -> (keys: Tensor, values: Tensor) {
        let added = keys.size(2)
        pending = added
        guard let held = layers[layer] else {
            if gradientsAreRecorded {
                layers[layer] = (keys, values)
            } else {
                layers[layer] = (
                    try Self.buffer(of: max(64, added), startingWith: keys, count: added),
                    try Self.buffer(of: max(64, added), startingWith: values, count: added)
                )
            }
            return (keys, values)
        }
        let total = count + added
        if gradientsAreRecorded {
            let joined = (
                try Tensor.concatenated([held.keys.narrowed(2, start: 0, length: count), keys], 2),
                try Tensor.concatenated([held.values.narrowed(2, start: 0, length: count), values], 2)
            )
            layers[layer] = joined
            return joined
        }
        var buffers = held
        if held.keys.size(2) < total || count < sharedCount {
            let capacity = max(64, total, 2 * count)
            buffers = (
                try Self.buffer(of: capacity, startingWith: held.keys, count: count),
                try Self.buffer(of: capacity, startingWith: held.values, count: count)
            )
            layers[layer] = buffers
        }
        try buffers.keys.narrowed(2, start: count, length: added).copy(from: keys)
        try buffers.values.narrowed(2, start: count, length: added).copy(from: values)
        return (
            try buffers.keys.narrowed(2, start: 0, length: total),
            try buffers.values.narrowed(2, start: 0, length: total)
        )
    }

    /// Ends a forward pass: what its layers have added counts from now on.
    func commit() {
        if gradientsAreRecorded {
            sharedCount = count + pending
        } else if count < sharedCount {
            sharedCount = 0
        }
        count += pending
        pending = 0
    }

    /// Forgets the positions from `length` on.
    public func truncate(to length: Int) {
        precondition(length >= 0 && length <= count, "a cache is only cut shorter")
        count = length
    }

    /// The same cache for `batch` sequences that continue it, each its own way: [1, ...] becomes [batch, ...] without a
    /// copy.
    public func shared(by batch: Int) throws -> KeyValueCache {
        let result = KeyValueCache(layerCount: layers.count)
        result.count = count
        result.sharedCount = count
        sharedCount = max(sharedCount, count)
        for (index, layer) in layers.enumerated() {
            guard let layer else { continue }
            result.layers[index] = (
                try layer.keys.narrowed(2, start: 0, length: count).expanded([batch, -1, -1, -1]),
                try layer.values.narrowed(2, start: 0, length: count).expanded([batch, -1, -1, -1])
            )
        }
        return result
    }

    /// A buffer of `capacity` positions that starts with `tensor`'s first `count`.
    private static func buffer(of capacity: Int, startingWith tensor: Tensor, count: Int) throws -> Tensor {
        var shape = tensor.shape
        shape[2] = capacity
        let buffer = try Tensor.empty(shape, dtype: tensor.dtype, device: tensor.device)
        try buffer.narrowed(2, start: 0, length: count).copy(from: tensor.narrowed(2, start: 0, length: count))
        return buffer
    }
}
