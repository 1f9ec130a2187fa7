public import Foundation
public import LLoCOTorch

/// Named tensors in one or more files of any supported format.
///
/// Every format uses Hugging Face names (`model.layers.0.self_attn.q_proj.weight`) and row-major shapes. Opening a
/// checkpoint reads its headers and checks every length against the file. The elements are read, converted or
/// dequantized when a tensor is requested.
public protocol Checkpoint: Sendable {
    /// The files that hold the tensors, in a fixed order. Their digests identify the model.
    var files: [URL] { get }

    /// All tensor names, sorted.
    var names: [String] { get }

    /// Whether the checkpoint holds `name`.
    func contains(_ name: String) -> Bool

    /// The row-major shape of a tensor.
    /// - Throws: `CheckpointError` if the tensor is missing.
    func shape(of name: String) throws -> [Int]

    /// The default dtype of `tensor(_:as:)`: the stored dtype, or `float32` for quantized tensors.
    /// - Throws: `CheckpointError` if the tensor is missing.
    func dtype(of name: String) throws -> DType

    /// Reads one tensor to the CPU.
    ///
    /// The tensor shares the memory-mapped file if the stored bytes need no conversion. The pages are private, so
    /// writing to the tensor never changes the file.
    /// - Parameter dtype: the requested dtype; nil for `dtype(of:)`. Conversion rounds to nearest, ties to even.
    /// - Throws: `CheckpointError` if the tensor is missing or malformed; `TorchError`.
    func tensor(_ name: String, as dtype: DType?) throws -> Tensor

    /// The rows of a matrix in the mapped file, for multiplication without a copy. nil if its storage does not allow
    /// that.
    /// - Throws: `CheckpointError` if the tensor is missing.
    func fileRows(_ name: String) throws -> FileWeight.Rows?
}

extension Checkpoint {
    public func fileRows(_ name: String) throws -> FileWeight.Rows? { nil }

    public func contains(_ name: String) -> Bool {
        (try? shape(of: name)) != nil
    }

    /// Reads one tensor in its default dtype; see `tensor(_:as:)`.
    public func tensor(_ name: String) throws -> Tensor {
        try tensor(name, as: nil)
    }

    /// Reads one tensor and checks its shape.
    /// - Throws: `CheckpointError` that names both shapes if they differ; see `tensor(_:as:)`.
    public func tensor(_ name: String, shape: [Int], as dtype: DType? = nil) throws -> Tensor {
        try check(name, shape)
        return try tensor(name, as: dtype)
    }

    /// The rows of a matrix in the mapped file, with a check of its shape.
    /// - Throws: `CheckpointError` that names both shapes if they differ; see `fileRows(_:)`.
    public func fileRows(_ name: String, shape: [Int]) throws -> FileWeight.Rows? {
        try check(name, shape)
        return try fileRows(name)
    }

    private func check(_ name: String, _ expected: [Int]) throws {
        let found = try shape(of: name)
        guard found == expected else {
            throw CheckpointError(
                .mismatch, file: files.first?.path ?? "checkpoint", found: "tensor \(name) of shape \(found)",
                expected: "shape \(expected)")
        }
    }
}
