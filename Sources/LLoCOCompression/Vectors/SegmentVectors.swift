public import LLoCOTorch

/// Vectors of B texts, or of a segment of each, as many of each.
public struct SegmentVectors: Sendable {
    /// [B, n, D], or [B, n, keyValueSize] in the form of keys and values
    public let values: Tensor
    /// Added to the scores of each vector's key in each head, layer by layer: [B, heads, n], float32; nil for none. A head
    /// that keeps fewer vectors than others has -infinity for the rest.
    public let bias: Tensor?

    /// Vectors [B, n, size], with their bias [B, heads, n].
    public init(_ values: Tensor, bias: Tensor? = nil) {
        self.values = values
        self.bias = bias
    }

    /// The vectors [n, size] of one text, with their bias [heads, n].
    public init(rows: Tensor, bias: Tensor? = nil) throws {
        self.init(try rows.unsqueezed(0), bias: try bias?.unsqueezed(0))
    }

    /// Vectors of each text, n
    public var count: Int { values.size(1) }

    /// The first text's vectors, [n, size].
    public var rows: Tensor {
        get throws { try values[0] }
    }

    /// The values in another dtype; the bias stays float32.
    public func to(_ dtype: DType, device: Device? = nil) throws -> SegmentVectors {
        SegmentVectors(try values.to(dtype, device: device), bias: try bias?.to(device: device))
    }

    /// The last `count` of each text's vectors.
    public func last(_ count: Int) throws -> SegmentVectors {
        let start = self.count - count
        return SegmentVectors(
            try values.narrowed(1, start: start, length: count),
            bias: try bias?.narrowed(2, start: start, length: count))
    }

    /// Each text's vectors in some ranges, one or more, in their order.
    package func selected(_ ranges: [Range<Int>]) throws -> SegmentVectors {
        func selected(_ tensor: Tensor, _ dimension: Int) throws -> Tensor {
            try .concatenated(
                ranges.map { try tensor.narrowed(dimension, start: $0.lowerBound, length: $0.count) }, dimension)
        }
        return SegmentVectors(try selected(values, 1), bias: try bias.map { try selected($0, 2) })
    }

    /// A copy that shares no memory.
    func cloned() throws -> SegmentVectors {
        SegmentVectors(try values.cloned(), bias: try bias?.cloned())
    }

    /// Vectors of the same texts and method one after another. Where some have a bias, that of the others is 0.
    public static func concatenated(_ parts: [SegmentVectors]) throws -> SegmentVectors {
        let values = try Tensor.concatenated(parts.map(\.values), 1)
        guard let some = parts.lazy.compactMap(\.bias).first else { return SegmentVectors(values) }
        let biases = try parts.map { part in
            try part.bias ?? .zeros([some.size(0), some.size(1), part.count], dtype: some.dtype, device: some.device)
        }
        return SegmentVectors(values, bias: try .concatenated(biases, 2))
    }
}
