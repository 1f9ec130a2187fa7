internal import CLLoCOTorch
public import LLoCOBase

/// A failure inside libtorch.
///
/// The message is one line that names the operation and the shapes and dtypes of its operands:
/// `matmul([2, 3] Float, [4, 5] Float): mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)`.
public struct TorchError: CodedError {
    /// One line: the operation, its operands and the cause.
    public let message: String

    /// Creates an error from a one-line message.
    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }

    /// The kind of error: `outOfMemory` if an allocator reports it, else `failed`.
    public var errorCode: ErrorCode {
        Self.outOfMemoryFragments.contains { message.contains($0) } ? .outOfMemory : .failed
    }

    /// Message fragments by which libtorch's allocators, and this package's C++ code, report exhausted memory.
    private static let outOfMemoryFragments = ["out of memory", "not enough memory", "can't allocate memory"]
}

/// Throws this thread's last libtorch error if `status` is a failure.
@inline(__always)
func check(_ status: Int32) throws(TorchError) {
    if status != 0 { throw lastError() }
}

@inline(never)
private func lastError() -> TorchError {
    TorchError(String(cString: ctorch_error()))
}
