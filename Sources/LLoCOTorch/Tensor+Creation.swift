internal import CLLoCOTorch

extension Tensor {
    private static func count(_ shape: [Int], _ operation: String) throws(TorchError) -> Int {
        var count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow else { throw TorchError("\(operation)(\(shape)): not a shape") }
            count = product
        }
        return count
    }

    private static func byteCount(_ shape: [Int], _ dtype: DType, _ operation: String) throws(TorchError) -> Int {
        let (bytes, overflow) = try count(shape, operation).multipliedReportingOverflow(by: dtype.byteCount)
        guard !overflow else { throw TorchError("\(operation)(\(shape)): not a shape") }
        return bytes
    }

    /// Creates a CPU tensor with a copy of `bytes`: exactly the shape's elements, row-major, in native byte order.
    public convenience init(copying bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) throws(TorchError) {
        let expected = try Self.byteCount(shape, dtype, "from_bytes")
        guard bytes.count == expected else {
            throw TorchError("from_bytes(\(shape) \(dtype.rawValue)): expected \(expected) bytes, found \(bytes.count)")
        }
        var out: OpaquePointer?
        try check(
            shape.withDimensions { ctorch_tensor_from_bytes(bytes.baseAddress, $0, $1, dtype.code, &out) })
        self.init(handle: out!)
    }

    /// Creates a CPU tensor over `bytes` without a copy. The tensor retains `owner`, which keeps the bytes valid and
    /// unchanged, while the memory is in use. If the memory is read-only, the tensor must not be written.
    public convenience init(
        sharing bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, owner: AnyObject
    ) throws(TorchError) {
        let expected = try Self.byteCount(shape, dtype, "from_shared")
        guard bytes.count == expected, let address = bytes.baseAddress else {
            throw TorchError(
                "from_shared(\(shape) \(dtype.rawValue)): expected \(expected) bytes, found \(bytes.count)")
        }
        guard Int(bitPattern: address) % dtype.byteCount == 0 else {
            throw TorchError("from_shared(\(shape) \(dtype.rawValue)): the memory is not aligned to an element")
        }
        let context = Unmanaged.passRetained(owner)
        var out: OpaquePointer?
        let status = shape.withDimensions {
            ctorch_tensor_from_shared(
                UnsafeMutableRawPointer(mutating: address), $0, $1, dtype.code,
                { Unmanaged<AnyObject>.fromOpaque($0!).release() }, context.toOpaque(), &out)
        }
        if status != 0 { context.release() }
        try check(status)
        self.init(handle: out!)
    }

    /// Creates a CPU tensor of an array's elements; by default with one dimension.
    public convenience init<Element: TensorElement>(_ elements: [Element], shape: [Int]? = nil) throws(TorchError) {
        let shape = shape ?? [elements.count]
        guard try Self.count(shape, "from_array") == elements.count else {
            throw TorchError("from_array(\(shape)): expected \(shape.reduce(1, *)) elements, found \(elements.count)")
        }
        var out: OpaquePointer?
        try check(
            elements.withUnsafeBytes { bytes in
                shape.withDimensions { ctorch_tensor_from_bytes(bytes.baseAddress, $0, $1, Element.dtype.code, &out) }
            })
        self.init(handle: out!)
    }

    /// A tensor filled with one value; float32 on the CPU by default.
    public static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try make { out in
            shape.withDimensions {
                ctorch_tensor_full($0, $1, value, dtype.code, device.kind.code, Int32(device.index), out)
            }
        }
    }

    /// A tensor of zeros; float32 on the CPU by default.
    public static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try full(shape, 0, dtype: dtype, device: device)
    }

    /// A tensor of ones; float32 on the CPU by default.
    public static func ones(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try full(shape, 1, dtype: dtype, device: device)
    }

    /// A tensor of uninitialized memory; float32 on the CPU by default.
    public static func empty(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try make { out in
            shape.withDimensions { ctorch_tensor_empty($0, $1, dtype.code, device.kind.code, Int32(device.index), out) }
        }
    }

    /// A tensor of standard normal values; float32 on the CPU by default.
    public static func randn(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try make { out in
            shape.withDimensions { ctorch_tensor_randn($0, $1, dtype.code, device.kind.code, Int32(device.index), out) }
        }
    }

    /// A tensor of uniform values in [0, 1); float32 on the CPU by default.
    public static func rand(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try make { out in
            shape.withDimensions { ctorch_tensor_rand($0, $1, dtype.code, device.kind.code, Int32(device.index), out) }
        }
    }

    /// The values start, start + step, ... below `end`, in one dimension.
    public static func arange(
        _ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try make { ctorch_tensor_arange(start, end, step, dtype.code, device.kind.code, Int32(device.index), $0) }
    }
}

extension [Int] {
    /// Passes the dimensions to C.
    func withDimensions<Result>(_ body: (UnsafePointer<Int64>?, Int) -> Result) -> Result {
        withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return body(nil, 0) }
            return base.withMemoryRebound(to: Int64.self, capacity: buffer.count) { body($0, buffer.count) }
        }
    }
}
