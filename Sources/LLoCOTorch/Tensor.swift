internal import CLLoCOTorch

/// A libtorch tensor: an array of numbers with a shape.
///
/// Releasing a tensor's last reference frees its memory. Operations return new tensors or views. They throw
/// `TorchError`, whose message names the operation and the shapes.
///
///     let x = try Tensor.randn([2, 3])
///     let y = try x.matmul(x.transposed(0, 1))   // [2, 2]
///
/// Unchecked because the handle never changes and libtorch counts references atomically. Only methods that write in
/// place (`copy(from:)`, `add`, `fill`, the optimizer) need one writer at a time.
public final class Tensor: @unchecked Sendable {
    let handle: OpaquePointer

    init(handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        ctorch_tensor_free(handle)
    }

    /// Runs a C function that writes a new tensor's handle.
    @inline(__always)
    static func make(
        _ body: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws(TorchError) -> Tensor {
        var out: OpaquePointer?
        try check(body(&out))
        guard let out else { throw TorchError("libtorch returned no tensor") }
        return Tensor(handle: out)
    }

    /// The size of each dimension; empty for a scalar.
    public var shape: [Int] {
        let rank = self.rank
        return [Int](unsafeUninitializedCapacity: rank) { buffer, count in
            if rank > 0 {
                buffer.baseAddress!.withMemoryRebound(to: Int64.self, capacity: rank) {
                    ctorch_tensor_shape(handle, $0)
                }
            }
            count = rank
        }
    }

    /// The number of dimensions.
    public var rank: Int { Int(ctorch_tensor_rank(handle)) }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The type of the elements.
    public var dtype: DType {
        guard let dtype = DType(code: ctorch_tensor_dtype(handle)) else {
            preconditionFailure("unsupported dtype: no operation of this module creates such a tensor")
        }
        return dtype
    }

    /// The device that holds the elements.
    public var device: Device {
        var index: Int32 = 0
        let kind = ctorch_tensor_device(handle, &index)
        return Device(Device.Kind.allCases.first { $0.code == kind } ?? .cpu, index: Int(index))
    }

    /// Whether the elements are adjacent in row-major order; a view's may not be.
    public var isContiguous: Bool { ctorch_tensor_is_contiguous(handle) }

    /// The address of a contiguous CPU tensor's elements; nil for any other. For tests that nothing is copied.
    package var address: UnsafeRawPointer? { ctorch_tensor_data(handle).map { UnsafeRawPointer($0) } }

    /// The size of one dimension; a negative index counts from the end.
    public func size(_ dimension: Int) -> Int {
        let shape = self.shape
        return shape[dimension < 0 ? shape.count + dimension : dimension]
    }
}

extension Tensor: CustomStringConvertible {
    /// The shape, dtype and device, without the elements.
    public var description: String { "Tensor(\(shape), \(dtype.rawValue), \(device))" }
}
