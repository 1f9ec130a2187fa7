internal import CLLoCOTorch

/// A linear layer's frozen weight [out, in] that stays in its file: what is multiplied is what the file has, and nothing
/// but pages of the file is in memory.
///
/// Few rows are multiplied with quantized blocks as they are (``QuantizedWeight/init(_:)``); for many, some rows of the
/// weight at a time are expanded and multiplied by libtorch.
///
/// Unchecked because nothing changes after the initializer.
public final class FileWeight: @unchecked Sendable {
    /// Rows of a matrix as a GGUF or safetensors file has them.
    public struct Rows: @unchecked Sendable {
        /// whole blocks, row by row
        package let bytes: UnsafeRawBufferPointer
        /// ggml's number of the format: float32, float16, bfloat16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K
        let type: UInt32
        /// Rows of the matrix, `out` of a linear layer
        public let count: Int
        /// Columns of the matrix, `in` of a linear layer
        public let columns: Int
        /// rows of a head where the file has them in llama.cpp's order for rotation, else 0
        let headRows: Int
        /// keeps the bytes, which nobody changes
        let owner: AnyObject

        /// Rows of a format, by ggml's number. Whether the bytes are of the shape is checked when a weight is made of them.
        ///
        /// - Parameters:
        ///   - headRows: rows of a head where the file has them in llama.cpp's order for rotation, else 0
        ///   - owner: what keeps the bytes for as long as the rows are used
        public init(
            _ bytes: UnsafeRawBufferPointer, type: UInt32, count: Int, columns: Int, headRows: Int = 0, owner: AnyObject
        ) {
            (self.bytes, self.type, self.count, self.columns) = (bytes, type, count, columns)
            (self.headRows, self.owner) = (headRows, owner)
        }

        /// Rows of plain numbers, aligned to their size; nil where there are no products with their dtype.
        public init?(
            _ bytes: UnsafeRawBufferPointer, of dtype: DType, count: Int, columns: Int, owner: AnyObject
        ) {
            let types: [DType: UInt32] = [.float32: 0, .float16: 1, .bfloat16: 30]
            guard let type = types[dtype] else { return nil }
            self.init(bytes, type: type, count: count, columns: columns, owner: owner)
        }

        /// Whether a copy of 4 bits holds the same numbers: Q4_0 and Q4_1.
        var areFourBits: Bool { type == 2 || type == 3 }

        /// Some of the rows; nil where they are in another order in the file.
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

    /// - Parameters:
    ///   - parts: below one another, of as many columns each
    ///   - roundsInput: whether products of float32 may round: with quantized numbers their input to 8 bits in groups of
    ///     32, gradients and their weights to 14 and 13 bits in groups of 64. It is for processors that do not multiply
    ///     bfloat16.
    /// - Throws: `TorchError` where the bytes are not of the shape, or there are no products with the format.
    public init(_ parts: [Rows], roundsInput: Bool = false) throws(TorchError) {
        let rows = parts.map {
            ctorch_file_rows(
                data: $0.bytes.baseAddress, size: $0.bytes.count, rows: Int64($0.count), columns: Int64($0.columns),
                type: Int32(truncatingIfNeeded: $0.type), head_rows: Int64($0.headRows))
        }
        // What a backward pass still needs outlives this object.
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

    /// What one product reads of the file.
    public var byteCount: Int { ctorch_file_weight_bytes(handle) }

    /// Whether all of it is in blocks of quantized numbers.
    public var isQuantized: Bool { ctorch_file_weight_is_quantized(handle) }

    /// Whether a copy of 4 bits holds the same numbers: Q4_0 and Q4_1.
    public var isOfFourBits: Bool { parts.allSatisfy(\.areFourBits) }

    /// The weight as a tensor of its own: [out, in], float32 or bfloat16.
    public func expanded(as dtype: DType) throws(TorchError) -> Tensor {
        let out = try Tensor.empty(shape, dtype: dtype)
        try check(ctorch_file_weight_expand(handle, out.handle))
        return out
    }
}

/// A linear layer's weight [out, in], wherever it is.
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

    /// As a tensor; of its own where the weight is a file's.
    public func expanded(as dtype: DType) throws(TorchError) -> Tensor {
        switch self {
        case .dense(let tensor): try tensor.to(dtype)
        case .file(let weight): try weight.expanded(as: dtype)
        }
    }

    /// Rows at `ids`, int64 or int32 of any shape: ids' shape + [in].
    /// - Parameter dtype: float32 or bfloat16 for the weight of a file
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

    /// What C is given; good as long as self is.
    var argument: ctorch_weight {
        switch self {
        case .dense(let tensor): ctorch_weight(dense: tensor.handle, file: nil)
        case .file(let weight): ctorch_weight(dense: nil, file: weight.handle)
        }
    }
}
