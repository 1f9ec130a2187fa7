internal import CLLoCOTorch

/// A linear layer's frozen weight [out, in], quantized for products of a few rows, which are bound by memory bandwidth.
///
/// It has 8 or 4 bits, in groups of 32 columns with one scale each, or is in a file's quantized blocks.
///
/// Unchecked because nothing changes after the initializer.
public final class QuantizedWeight: @unchecked Sendable {
    /// The number of bits of a weight.
    public enum Bits: Int, Sendable, CaseIterable {
        case eight = 8
        case four = 4
        /// 4 if the weight's numbers came from 4-bit groups (a GGUF file's Q4_0 and Q4_1), else 8. Other quantized
        /// blocks are lossless only in their file: ``init(_:)-(FileWeight)``.
        case lossless = 0
    }

    private let handle: OpaquePointer

    /// Creates a weight over the quantized blocks of a file, without a copy.
    /// - Throws: `TorchError` if the weight is not quantized.
    public init(_ weight: FileWeight) throws(TorchError) {
        var out: OpaquePointer?
        try check(ctorch_quantized_over(weight.handle, &out))
        handle = out!
    }

    /// Quantizes a weight.
    /// - Parameter weight: [out, in] on the CPU, float32 or bfloat16, `in` a multiple of 32
    public init(_ weight: Tensor, bits: Bits) throws(TorchError) {
        var out: OpaquePointer?
        try check(ctorch_quantized_create(weight.handle, Int32(bits.rawValue), &out))
        handle = out!
    }

    deinit {
        ctorch_quantized_free(handle)
    }

    /// 8 or 4; 0 for a file's blocks.
    public var bits: Int { Int(ctorch_quantized_bits(handle)) }

    /// [out, in]
    public var shape: [Int] {
        var shape: (Int64, Int64) = (0, 0)
        withUnsafeMutableBytes(of: &shape) {
            ctorch_quantized_shape(handle, $0.baseAddress!.assumingMemoryBound(to: Int64.self))
        }
        return [Int(shape.0), Int(shape.1)]
    }

    /// The number of bytes that one product reads.
    public var byteCount: Int { ctorch_quantized_bytes(handle) }

    /// The maximum number of rows of ``multiply(_:into:adding:)``.
    public static let maximumRowCount = 16

    /// Writes x · weightᵀ to `y`, or adds it; x [M, in] and y [M, out] float32, M in 1...16. x is rounded to 8 bits. No
    /// gradient is recorded.
    public func multiply(_ x: Tensor, into y: Tensor, adding: Bool = false) throws(TorchError) {
        try check(ctorch_quantized_linear_in(handle, x.handle, adding, y.handle))
    }

    /// The weight as float32 [out, in].
    public func dequantized() throws(TorchError) -> Tensor {
        let out = try Tensor.empty(shape, dtype: .float32)
        try check(ctorch_quantized_dequantize(handle, out.handle))
        return out
    }
}
