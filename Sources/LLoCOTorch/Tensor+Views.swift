internal import CLLoCOTorch

extension Tensor {
    /// The same elements in another shape; one dimension may be -1. A view if the strides allow it, else a copy.
    public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in shape.withDimensions { ctorch_tensor_reshape(handle, $0, $1, out) } }
    }

    /// A view whose dimension i is dimension `dimensions[i]` of self. `dimensions` is a permutation.
    public func permuted(_ dimensions: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in dimensions.withDimensions { ctorch_tensor_permute(handle, $0, $1, out) } }
    }

    /// A view with dimensions `a` and `b` swapped. Negative dimensions count from the end.
    public func transposed(_ a: Int, _ b: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_transpose(handle, Int64(a), Int64(b), $0) }
    }

    /// A view that repeats dimensions of size 1; -1 keeps a size.
    public func expanded(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in shape.withDimensions { ctorch_tensor_expand(handle, $0, $1, out) } }
    }

    /// A view with a new dimension of size 1 at `dimension`, 0...rank or negative.
    public func unsqueezed(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_unsqueeze(handle, Int64(dimension), $0) }
    }

    /// A view without `dimension` if its size is 1, otherwise unchanged.
    public func squeezed(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_squeeze(handle, Int64(dimension), $0) }
    }

    /// A view of `length` entries of `dimension` from `start` on.
    public func narrowed(_ dimension: Int, start: Int, length: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_narrow(handle, Int64(dimension), Int64(start), Int64(length), $0) }
    }

    /// A view of one entry of `dimension`, without that dimension.
    public func selected(_ dimension: Int, _ index: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_select(handle, Int64(dimension), Int64(index), $0) }
    }

    /// A view of one entry of the first dimension.
    public subscript(index: Int) -> Tensor {
        get throws(TorchError) { try selected(0, index) }
    }

    /// A view of a range of the first dimension.
    public subscript(range: Range<Int>) -> Tensor {
        get throws(TorchError) { try narrowed(0, start: range.lowerBound, length: range.count) }
    }

    /// A copy of the entries of `dimension` at `indices` [N], int64 or int32.
    public func indexSelected(_ dimension: Int, _ indices: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_index_select(handle, Int64(dimension), indices.handle, $0) }
    }

    /// out[i][j] = self[i][indices[i][j]] for `dimension` 1, likewise for others; indices int64.
    public func gathered(_ dimension: Int, _ indices: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_gather(handle, Int64(dimension), indices.handle, $0) }
    }

    /// A copy with `value` wherever `mask` (bool, broadcast) is true.
    public func maskedFill(_ mask: Tensor, _ value: Double) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_masked_fill(handle, mask.handle, value, $0) }
    }

    /// `a` where `condition` (bool) is true, `b` elsewhere, broadcast.
    public static func choose(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        try make { ctorch_tensor_where(condition.handle, a.handle, b.handle, $0) }
    }

    /// Joins along an existing dimension.
    public static func concatenated(_ tensors: [Tensor], _ dimension: Int = 0) throws(TorchError) -> Tensor {
        try make { out in tensors.withHandles { ctorch_tensor_cat($0, $1, Int64(dimension), out) } }
    }

    /// Joins along a new dimension.
    public static func stacked(_ tensors: [Tensor], _ dimension: Int = 0) throws(TorchError) -> Tensor {
        try make { out in tensors.withHandles { ctorch_tensor_stack($0, $1, Int64(dimension), out) } }
    }
}

extension [Tensor] {
    /// Passes the handles to C and keeps the tensors alive meanwhile. A few handles are on the stack.
    func withHandles<Result>(_ body: (UnsafePointer<OpaquePointer?>?, Int) -> Result) -> Result {
        withExtendedLifetime(self) {
            withUnsafeTemporaryAllocation(of: OpaquePointer?.self, capacity: count) { handles in
                _ = handles.initialize(fromContentsOf: lazy.map { Optional($0.handle) })
                return body(UnsafePointer(handles.baseAddress), count)
            }
        }
    }
}

extension [Tensor?] {
    /// Passes the handles to C, NULL for each nil; NULL for the array if all are nil.
    func withHandles<Result>(_ body: (UnsafePointer<OpaquePointer?>?, Int) -> Result) -> Result {
        guard contains(where: { $0 != nil }) else { return body(nil, count) }
        return withExtendedLifetime(self) {
            withUnsafeTemporaryAllocation(of: OpaquePointer?.self, capacity: count) { handles in
                _ = handles.initialize(fromContentsOf: lazy.map { $0?.handle })
                return body(UnsafePointer(handles.baseAddress), count)
            }
        }
    }
}

/// Passes pieces of keys and values to C, with the weights and biases added to their scores; NULL for none.
///
/// - Throws: `TorchError` if the counts differ.
func withPieces<Result>(
    _ keys: [Tensor], _ values: [Tensor], _ logWeights: [Double]?, _ biases: [Tensor?],
    _ body: (
        _ keys: UnsafePointer<OpaquePointer?>?, _ values: UnsafePointer<OpaquePointer?>?,
        _ logWeights: UnsafePointer<Double>?, _ biases: UnsafePointer<OpaquePointer?>?, _ count: Int
    ) -> Result
) throws(TorchError) -> Result {
    guard keys.count == values.count, logWeights.map({ $0.count == keys.count }) ?? true,
        biases.isEmpty || biases.count == keys.count
    else {
        throw TorchError(
            "attention: \(keys.count) pieces of keys, \(values.count) of values, \(logWeights?.count ?? 0) weights, "
                + "\(biases.count) biases")
    }
    return keys.withHandles { keys, count in
        values.withHandles { values, _ in
            biases.withHandles { biases, _ in
                guard let logWeights else { return body(keys, values, nil, biases, count) }
                return logWeights.withUnsafeBufferPointer { body(keys, values, $0.baseAddress, biases, count) }
            }
        }
    }
}
