internal import CLLoCOTorch

/// An array of numbers with a shape, over libtorch.
///
/// A tensor's memory is given back when its last reference goes. Operations return new tensors or views and throw
/// `TorchError`, whose message names the operation and the shapes.
///
///     let x = try Tensor.randn([2, 3])
///     let y = try x.matmul(x.transposed(0, 1))   // [2, 2]
///
/// Unchecked because the handle itself never changes and libtorch counts references atomically; only the methods that
/// write in place (`copy(from:)`, `add`, `fill`, the optimizer) need one writer at a time.
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
            preconditionFailure("no operation of this module makes a tensor of another dtype")
        }
        return dtype
    }

    /// Where the elements are.
    public var device: Device {
        var index: Int32 = 0
        let kind = ctorch_tensor_device(handle, &index)
        return Device(Device.Kind.allCases.first { $0.code == kind } ?? .cpu, index: Int(index))
    }

    /// Whether the elements lie one after another in row-major order, as a view's may not.
    public var isContiguous: Bool { ctorch_tensor_is_contiguous(handle) }

    /// Where a contiguous CPU tensor's elements are; nil for any other. For tests of what is not to be copied.
    package var address: UnsafeRawPointer? { ctorch_tensor_data(handle).map { UnsafeRawPointer($0) } }

    /// The size of one dimension; a negative one counts from the end.
    public func size(_ dimension: Int) -> Int {
        let shape = self.shape
        return shape[dimension < 0 ? shape.count + dimension : dimension]
    }
}

extension Tensor: CustomStringConvertible {
    /// Shape, dtype and device; never the elements.
    public var description: String { "Tensor(\(shape), \(dtype.rawValue), \(device))" }
}
