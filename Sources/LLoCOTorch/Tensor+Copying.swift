internal import CLLoCOTorch

extension Tensor {
    /// The stored bytes of all elements, row-major.
    public func bytes() throws(TorchError) -> [UInt8] {
        var status: Int32 = 0
        let size = count * dtype.byteCount
        let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            status = ctorch_tensor_copy_to(handle, buffer.baseAddress, size)
            count = status == 0 ? size : 0
        }
        try check(status)
        return result
    }

    /// All elements, row-major, converted to `Element`.
    public func array<Element: TensorElement>(of type: Element.Type = Element.self) throws(TorchError) -> [Element] {
        let source = try to(Element.dtype)
        let total = count
        var status: Int32 = 0
        let result = [Element](unsafeUninitializedCapacity: total) { buffer, count in
            status = ctorch_tensor_copy_to(source.handle, buffer.baseAddress, total * Element.dtype.byteCount)
            count = status == 0 ? total : 0
        }
        try check(status)
        return result
    }

    /// The only element of a one-element tensor.
    public func item() throws(TorchError) -> Double {
        var value = 0.0
        try check(ctorch_tensor_item(handle, &value))
        return value
    }

    /// The same values in another dtype or on another device; self if neither changes.
    public func to(_ dtype: DType? = nil, device: Device? = nil) throws(TorchError) -> Tensor {
        let target = dtype ?? self.dtype
        let device = device ?? self.device
        if target == self.dtype, device == self.device { return self }
        return try Tensor.make {
            ctorch_tensor_to(handle, target.code, device.kind.code, Int32(device.index), $0)
        }
    }

    /// A copy in new memory.
    public func cloned() throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_clone(handle, $0) }
    }

    /// The same values, row-major in memory; self if they already are.
    public func contiguous() throws(TorchError) -> Tensor {
        isContiguous ? self : try Tensor.make { ctorch_tensor_contiguous(handle, $0) }
    }

    /// Writes `source`'s values, broadcast and converted, into self's memory. No gradient is recorded.
    public func copy(from source: Tensor) throws(TorchError) {
        try check(ctorch_tensor_copy_in(handle, source.handle))
    }

    /// Adds `alpha * other` in place. No gradient is recorded.
    public func add(_ other: Tensor, scaledBy alpha: Double = 1) throws(TorchError) {
        try check(ctorch_tensor_add_in(handle, other.handle, alpha))
    }

    /// Sets every element to `value`. No gradient is recorded.
    public func fill(_ value: Double) throws(TorchError) {
        try check(ctorch_tensor_fill_in(handle, value))
    }
}
