internal import CLLoCOTorch

extension Tensor {
    private func reduce(_ op: ctorch_reduction, _ dimension: Int?, _ keep: Bool) throws(TorchError) -> Tensor {
        guard let dimension else { return try Tensor.make { ctorch_tensor_reduce_all(op, handle, $0) } }
        return try Tensor.make { ctorch_tensor_reduce(op, handle, Int64(dimension), keep, $0) }
    }

    /// The sum along a dimension, or over all elements if it is nil; int64 for integers and bools.
    public func sum(_ dimension: Int? = nil, keepDimension: Bool = false) throws(TorchError) -> Tensor {
        try reduce(ctorch_sum, dimension, keepDimension)
    }
    /// The mean along a dimension or over all elements, of a floating-point tensor.
    public func mean(_ dimension: Int? = nil, keepDimension: Bool = false) throws(TorchError) -> Tensor {
        try reduce(ctorch_mean, dimension, keepDimension)
    }
    /// The maximum along a dimension or over all elements.
    public func max(_ dimension: Int? = nil, keepDimension: Bool = false) throws(TorchError) -> Tensor {
        try reduce(ctorch_max, dimension, keepDimension)
    }
    /// The minimum along a dimension or over all elements.
    public func min(_ dimension: Int? = nil, keepDimension: Bool = false) throws(TorchError) -> Tensor {
        try reduce(ctorch_min, dimension, keepDimension)
    }
    /// The index of the maximum along a dimension or over all elements, the first of equal ones: int64.
    public func argmax(_ dimension: Int? = nil, keepDimension: Bool = false) throws(TorchError) -> Tensor {
        try reduce(ctorch_argmax, dimension, keepDimension)
    }

    /// The inclusive cumulative sum along `dimension`: of self's shape and dtype, int64 for integers and bools.
    public func cumulativeSum(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_cumsum(handle, Int64(dimension), $0) }
    }

    /// The `k` largest elements along `dimension`, in descending order, and their indices (int64).
    public func top(_ k: Int, _ dimension: Int = -1) throws(TorchError) -> (values: Tensor, indices: Tensor) {
        var values: OpaquePointer?
        var indices: OpaquePointer?
        try check(ctorch_tensor_topk(handle, Int64(k), Int64(dimension), &values, &indices))
        return (Tensor(handle: values!), Tensor(handle: indices!))
    }

    /// The Euclidean norm over all elements: a scalar, float32 (float64 for float64).
    public func norm() throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_norm(handle, $0) }
    }

    /// The elements on and above `diagonal`, zero elsewhere.
    public func upperTriangle(diagonal: Int = 0) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_triangle(handle, Int64(diagonal), true, $0) }
    }

    /// The elements on and below `diagonal`, zero elsewhere.
    public func lowerTriangle(diagonal: Int = 0) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_triangle(handle, Int64(diagonal), false, $0) }
    }
}
