internal import CLLoCOTorch

/// A linear layer's frozen weight [out, in], memory-mapped from its file.
///
/// A product reads the file's numbers; no copy of the weight is in memory. Few rows are multiplied with the quantized
/// blocks directly (``QuantizedWeight/init(_:)``). For many rows, a few rows of the weight at a time are dequantized
/// and multiplied by libtorch.
///
/// Unchecked because nothing changes after the initializer.
public final class FileWeight: @unchecked Sendable {
    /// Rows of a matrix in the format of a GGUF or safetensors file.
    public struct Rows: @unchecked Sendable {
        /// Whole blocks, row by row.
        package let bytes: UnsafeRawBufferPointer
        /// ggml's number for the format: float32, float16, bfloat16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K
        let type: UInt32
        /// The number of rows, `out` of a linear layer.
        public let count: Int
        /// The number of columns, `in` of a linear layer.
        public let columns: Int
        /// The rows per head if the file has them in llama.cpp's rotary order, else 0.
        let headRows: Int
        /// Keeps the bytes alive and unchanged.
        let owner: AnyObject

        /// Creates rows in the format with ggml's number `type`. ``FileWeight/init(_:roundsInput:)`` checks that the
        /// bytes fit the shape.
        ///
        /// - Parameters:
        ///   - headRows: rows per head if the file has them in llama.cpp's rotary order, else 0
        ///   - owner: keeps the bytes alive while the rows are in use
        public init(
            _ bytes: UnsafeRawBufferPointer, type: UInt32, count: Int, columns: Int, headRows: Int = 0, owner: AnyObject
        ) {
            (self.bytes, self.type, self.count, self.columns) = (bytes, type, count, columns)
            (self.headRows, self.owner) = (headRows, owner)
        }

        /// Creates rows of unquantized numbers, aligned to their size; nil if no product supports the dtype.
        public init?(
            _ bytes: UnsafeRawBufferPointer, of dtype: DType, count: Int, columns: Int, owner: AnyObject
        ) {
            let types: [DType: UInt32] = [.float32: 0, .float16: 1, .bfloat16: 30]
            guard let type = types[dtype] else { return nil }
            self.init(bytes, type: type, count: count, columns: columns, owner: owner)
        }

        /// Whether a 4-bit copy is lossless: Q4_0 and Q4_1.
        var isFourBit: Bool { type == 2 || type == 3 }

        /// A range of the rows; nil if the file has them in llama.cpp's rotary order.
        public subscript(range: Range<Int>) -> Rows? {
            guard headRows == 0, range.lowerBound >= 0, range.upperBound <= count, count > 0 else { return nil }
            let rowBytes = bytes.count / count
            return Rows(
                UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes]),
                type: type, count: range.count, columns: columns, owner: owner)
        }
    }

    let handle: OpaquePointer
    private let parts: [Rows]

    /// Creates a weight over rows of a file.
    ///
    /// - Parameters:
    ///   - parts: stacked vertically, with the same number of columns each
    ///   - roundsInput: whether float32 products may round. With quantized weights the input is rounded to 8 bits in
    ///     groups of 32; for gradients, the gradients are rounded to 14 bits and the weights to 13, in groups of 64.
    ///     Meant for processors that do not multiply bfloat16.
    /// - Throws: `TorchError` if the bytes do not fit the shape, or no product supports the format.
    public init(_ parts: [Rows], roundsInput: Bool = false) throws(TorchError) {
        let rows = parts.map {
            ctorch_file_rows(
                data: $0.bytes.baseAddress, size: $0.bytes.count, rows: Int64($0.count), columns: Int64($0.columns),
                type: Int32(truncatingIfNeeded: $0.type), head_rows: Int64($0.headRows))
        }
        // A pending backward pass may outlive this object, and needs the bytes.
        let owners = Unmanaged.passRetained(Owners(parts.map(\.owner)))
        var out: OpaquePointer?
        try check(
            ctorch_file_weight_create(
                rows, rows.count, roundsInput, owners.toOpaque(), { Unmanaged<Owners>.fromOpaque($0!).release() }, &out)
        )
        handle = out!
        self.parts = parts
    }

    deinit {
        ctorch_file_weight_free(handle)
    }

    private final class Owners {
        let objects: [AnyObject]
        init(_ objects: [AnyObject]) { self.objects = objects }
    }

    /// [out, in]
    public var shape: [Int] {
        var shape: (Int64, Int64) = (0, 0)
        withUnsafeMutableBytes(of: &shape) {
            ctorch_file_weight_shape(handle, $0.baseAddress!.assumingMemoryBound(to: Int64.self))
        }
        return [Int(shape.0), Int(shape.1)]
    }

    /// The number of bytes that one product reads from the file.
    public var byteCount: Int { ctorch_file_weight_bytes(handle) }

    /// Whether the whole weight is quantized.
    public var isQuantized: Bool { ctorch_file_weight_is_quantized(handle) }

    /// Whether a 4-bit copy is lossless: all rows are Q4_0 or Q4_1.
    public var isFourBit: Bool { parts.allSatisfy(\.isFourBit) }

    /// The dequantized weight, a new tensor [out, in].
    ///
    /// - Parameter dtype: float32 or bfloat16
    public func expanded(as dtype: DType) throws(TorchError) -> Tensor {
        let out = try Tensor.empty(shape, dtype: dtype)
        try check(ctorch_file_weight_expand(handle, out.handle))
        return out
    }
}

/// A linear layer's weight [out, in], a tensor or in its file.
public enum LinearWeight: Sendable {
    case dense(Tensor)
    case file(FileWeight)

    /// [out, in]
    public var shape: [Int] {
        switch self {
        case .dense(let tensor): tensor.shape
        case .file(let weight): weight.shape
        }
    }

    /// The weight as a tensor; a new one if the weight is in a file.
    public func expanded(as dtype: DType) throws(TorchError) -> Tensor {
        switch self {
        case .dense(let tensor): try tensor.to(dtype)
        case .file(let weight): try weight.expanded(as: dtype)
        }
    }

    /// The rows at `ids` (int64 or int32, any shape): ids' shape + [in].
    /// - Parameter dtype: float32 or bfloat16 if the weight is in a file
    public func embedding(_ ids: Tensor, as dtype: DType) throws(TorchError) -> Tensor {
        switch self {
        case .dense(let tensor): try tensor.embedding(ids).to(dtype)
        case .file(let weight):
            try Tensor.make { ctorch_file_weight_embedding(weight.handle, ids.handle, dtype.code, $0) }
        }
    }

    /// Writes row `id` to `y` [1, in], float32 on the CPU.
    public func embedding(_ id: Int, into y: Tensor) throws(TorchError) {
        try check(ctorch_embedding_in(argument, Int64(id), y.handle))
    }

    /// The weight's C representation, valid while self is alive.
    var argument: ctorch_weight {
        switch self {
        case .dense(let tensor): ctorch_weight(dense: tensor.handle, file: nil)
        case .file(let weight): ctorch_weight(dense: nil, file: weight.handle)
        }
    }
}
