internal import CLLoCOTorch

extension Tensor {
    /// The same elements under another shape; one dimension may be -1. A view where the strides allow it.
    public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in shape.withDimensions { ctorch_tensor_reshape(handle, $0, $1, out) } }
    }

    /// Dimension i of the result is dimension `dimensions[i]` of self: a view. All are named, once each.
    public func permuted(_ dimensions: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in dimensions.withDimensions { ctorch_tensor_permute(handle, $0, $1, out) } }
    }

    /// Dimensions `a` and `b` in each other's place: a view. Negative ones count from the end.
    public func transposed(_ a: Int, _ b: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_transpose(handle, Int64(a), Int64(b), $0) }
    }

    /// Repeats dimensions of size 1 without copying; -1 keeps a size.
    public func expanded(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Tensor.make { out in shape.withDimensions { ctorch_tensor_expand(handle, $0, $1, out) } }
    }

    /// A new dimension of size 1 at `dimension`, 0...rank or negative: a view.
    public func unsqueezed(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_unsqueeze(handle, Int64(dimension), $0) }
    }

    /// Without `dimension` where its size is 1, and as it is where it is not: a view.
    public func squeezed(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_squeeze(handle, Int64(dimension), $0) }
    }

    /// `length` entries of `dimension` from `start` on: a view.
    public func narrowed(_ dimension: Int, start: Int, length: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_narrow(handle, Int64(dimension), Int64(start), Int64(length), $0) }
    }

    /// One entry of `dimension`, which goes: a view.
    public func selected(_ dimension: Int, _ index: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_select(handle, Int64(dimension), Int64(index), $0) }
    }

    /// One entry of the first dimension: a view.
    public subscript(index: Int) -> Tensor {
        get throws(TorchError) { try selected(0, index) }
    }

    /// Entries of the first dimension: a view.
    public subscript(range: Range<Int>) -> Tensor {
        get throws(TorchError) { try narrowed(0, start: range.lowerBound, length: range.count) }
    }

    /// The entries of `dimension` at `indices` [N], int64 or int32: a copy.
    public func indexSelected(_ dimension: Int, _ indices: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_index_select(handle, Int64(dimension), indices.handle, $0) }
    }

    /// out[i][j] = self[i][indices[i][j]] for `dimension` 1, and likewise for others; indices int64.
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
    /// Hands the handles to C, keeping the tensors alive meanwhile. A few of them lie on the stack.
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
    /// The same where some may be missing: NULL for each of these, and for all where there is no tensor.
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

/// Hands pieces of keys and values to C, and what is added to the scores of each piece's keys, NULL for none.
///
/// - Throws: `TorchError` where these are not as many.
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
