internal import CLLoCOTorch

/// A linear layer's frozen weight [out, in] in few bits, for products of a few rows, which cost the reading of the weight
/// and little else: in 8 or 4 bits, in groups of 32 columns with a scale each, or in the blocks of a file.
///
/// Unchecked because nothing changes after the initializer.
public final class QuantizedWeight: @unchecked Sendable {
    /// The bits of a weight.
    public enum Bits: Int, Sendable, CaseIterable {
        case eight = 8
        case four = 4
        /// 4 where the weight's numbers are those of groups of 4 bits (a GGUF file's Q4_0 and Q4_1), so that nothing is
        /// lost, else 8. A weight in other blocks of a file loses nothing where it lies: ``init(_:)-(FileWeight)``
        case lossless = 0
    }

    private let handle: OpaquePointer

    /// A weight that is multiplied as it lies in its file.
    /// - Throws: `TorchError` where it is not in blocks of quantized numbers.
    public init(_ weight: FileWeight) throws(TorchError) {
        var out: OpaquePointer?
        try check(ctorch_quantized_over(weight.handle, &out))
        handle = out!
    }

    /// - Parameter weight: [out, in] on the CPU, float32 or bfloat16, `in` a multiple of 32
    public init(_ weight: Tensor, bits: Bits) throws(TorchError) {
        var out: OpaquePointer?
        try check(ctorch_quantized_create(weight.handle, Int32(bits.rawValue), &out))
        handle = out!
    }

    deinit {
        ctorch_quantized_free(handle)
    }

    /// 8 or 4; 0 for the blocks of a file
    public var bits: Int { Int(ctorch_quantized_bits(handle)) }

    /// [out, in]
    public var shape: [Int] {
        var shape: (Int64, Int64) = (0, 0)
        withUnsafeMutableBytes(of: &shape) {
            ctorch_quantized_shape(handle, $0.baseAddress!.assumingMemoryBound(to: Int64.self))
        }
        return [Int(shape.0), Int(shape.1)]
    }

    /// The memory that one product reads.
    public var byteCount: Int { ctorch_quantized_bytes(handle) }

    /// The rows that ``multiply(_:into:adding:)`` takes at most.
    public static let largestRowCount = 16

    /// y = x · weightᵀ, or y += that; x [M, in] and y [M, out] float32, M in 1...16. x is rounded to 8 bits on the way. No
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
