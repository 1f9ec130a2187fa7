import LLoCOBase
import LLoCOCheckpoints
import LLoCOModels
public import LLoCOTorch

/// n vectors of each of B texts, or of one segment of each.
public struct SegmentVectors: Sendable {
    /// [B, n, D] for input embeddings, [B, n, keyValueSize] for keys and values
    public let values: Tensor
    /// Added to the attention score of each vector's key, per head, layer by layer: [B, heads, n], float32; nil for
    /// none. In a head that keeps fewer vectors than others, the rest have -infinity.
    public let bias: Tensor?
    /// Each vector's index within its segment, [n]
    package let places: [Int]

    /// Creates the vectors [B, n, size] of one segment, with their bias [B, heads, n].
    public init(_ values: Tensor, bias: Tensor? = nil) {
        self.init(values, bias: bias, places: Array(0..<values.size(1)))
    }

    package init(_ values: Tensor, bias: Tensor?, places: [Int]) {
        precondition(places.count == values.size(1), "\(places.count) places, expected \(values.size(1))")
        self.values = values
        self.bias = bias
        self.places = places
    }

    /// Creates the vectors [n, size] of one text, with their bias [heads, n].
    ///
    /// - Parameter segments: number of vectors of each segment; nil for one segment
    public init(rows: Tensor, bias: Tensor? = nil, segments: [Int]? = nil) throws {
        self.init(
            try rows.unsqueezed(0), bias: try bias?.unsqueezed(0),
            places: (segments ?? [rows.size(0)]).flatMap { Array(0..<$0) })
    }

    /// Number of vectors of each text, n
    public var count: Int { values.size(1) }

    /// The first text's vectors, [n, size].
    public var rows: Tensor {
        get throws { try values[0] }
    }

    /// The values in another dtype; the bias stays float32.
    public func to(_ dtype: DType, device: Device? = nil) throws -> SegmentVectors {
        SegmentVectors(try values.to(dtype, device: device), bias: try bias?.to(device: device), places: places)
    }

    /// The last `count` of each text's vectors.
    public func last(_ count: Int) throws -> SegmentVectors {
        let start = self.count - count
        return SegmentVectors(
            try values.narrowed(1, start: start, length: count),
            bias: try bias?.narrowed(2, start: start, length: count), places: Array(places.suffix(count)))
    }

    /// Each text's vectors in these ranges (one or more), in the ranges' order.
    package func selected(_ ranges: [Range<Int>]) throws -> SegmentVectors {
        func selected(_ tensor: Tensor, _ dimension: Int) throws -> Tensor {
            try .concatenated(
                ranges.map { try tensor.narrowed(dimension, start: $0.lowerBound, length: $0.count) }, dimension)
        }
        return SegmentVectors(
            try selected(values, 1), bias: try bias.map { try selected($0, 2) }, places: ranges.flatMap { places[$0] })
    }

    /// A copy that shares no memory.
    func cloned() throws -> SegmentVectors {
        SegmentVectors(try values.cloned(), bias: try bias?.cloned(), places: places)
    }

    /// Concatenates vectors of the same texts and method. If only some have a bias, the others get 0.
    public static func concatenated(_ parts: [SegmentVectors]) throws -> SegmentVectors {
        let values = try Tensor.concatenated(parts.map(\.values), 1)
        let places = parts.flatMap(\.places)
        guard let some = parts.lazy.compactMap(\.bias).first else {
            return SegmentVectors(values, bias: nil, places: places)
        }
        let biases = try parts.map { part in
            try part.bias ?? .zeros([some.size(0), some.size(1), part.count], dtype: some.dtype, device: some.device)
        }
        return SegmentVectors(values, bias: try .concatenated(biases, 2), places: places)
    }
}

extension SegmentVectors {
    /// Regroups vectors whose entries a selection distributes over heads: each result row has one entry per head. A
    /// head with fewer entries is padded at the front; padding has a bias of -infinity.
    ///
    /// - Parameters:
    ///   - selection: maps an entry to its head, by its vector's place in the segment, and gives each head's score bias
    ///   - configuration: the model's
    /// - Throws: `ModelError` if the selection or the vectors do not fit the model.
    func byHead(_ selection: HeadSelection, of configuration: LlamaConfiguration) throws -> SegmentVectors {
        let (layers, heads, size) = (
            configuration.compressedLayers.count, configuration.keyValueHeadCount, configuration.headSize
        )
        let width = layers * heads
        guard selection.count == width, values.size(2) == 2 * width * size else {
            throw ModelError(
                .invalid,
                "a selection for \(selection.count) heads and vectors of size \(values.size(2)), "
                    + "expected \(width) heads and size \(2 * width * size)")
        }
        let owners = selection.owners(rows: (places.max() ?? -1) + 1)
        var entries: [[Int64]] = Array(repeating: [], count: width)
        for (row, place) in places.enumerated() {
            for slot in 0..<width { entries[owners[place * width + slot]].append(Int64(row * width + slot)) }
        }
        let maximum = entries.map(\.count).max() ?? 0
        let indices = entries.flatMap { Array(repeating: 0, count: maximum - $0.count) + $0 }
        let weights = zip(entries, selection.logWeights).flatMap { headEntries, weight in
            Array(repeating: -Float.infinity, count: maximum - headEntries.count)
                + Array(repeating: weight, count: headEntries.count)
        }
        let (batch, device) = (values.size(0), values.device)
        let chosen = try Tensor(indices).to(device: device)
        let rows = try values.reshaped([batch, count * width, 2, size]).indexSelected(1, chosen)
            .reshaped([batch, layers, heads, maximum, 2, size]).permuted([0, 3, 1, 4, 2, 5])
            .reshaped([batch, maximum, values.size(2)])
        var bias = try Tensor(weights, shape: [1, width, maximum]).to(device: device)
        if let ungrouped = self.bias {
            bias =
                try ungrouped.transposed(1, 2).reshaped([ungrouped.size(0), count * width]).indexSelected(1, chosen)
                .reshaped([ungrouped.size(0), width, maximum]) + bias
        }
        return SegmentVectors(rows, bias: bias)
    }
}
