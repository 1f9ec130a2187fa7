public import Foundation
public import LLoCOTorch

/// Named tensors in one or more files, whatever the format.
///
/// Names are those of Hugging Face checkpoints (`model.layers.0.self_attn.q_proj.weight`) in every format, shapes are
/// row-major. Opening a checkpoint reads its headers and checks every length against the file; the numbers themselves
/// are read, converted or dequantised when a tensor is asked for.
public protocol Checkpoint: Sendable {
    /// The files that hold the tensors, in reading order. A model's identity is made of their digests.
    var files: [URL] { get }

    /// All tensor names, sorted.
    var names: [String] { get }

    /// Whether the checkpoint holds `name`.
    func contains(_ name: String) -> Bool

    /// The row-major shape of a tensor.
    /// - Throws: `CheckpointError` where there is no such tensor.
    func shape(of name: String) throws -> [Int]

    /// The dtype that `tensor(_:as:)` gives when asked for none: the stored one; `float32` for quantised tensors.
    /// - Throws: `CheckpointError` where there is no such tensor.
    func dtype(of name: String) throws -> DType

    /// One tensor on the CPU.
    ///
    /// Where the stored bytes need no change the tensor shares the memory-mapped file without a copy; pages are
    /// private, so writing to the tensor never reaches the file.
    /// - Parameter dtype: the dtype wanted, or nil for `dtype(of:)`. Conversion rounds to nearest, ties to even.
    /// - Throws: `CheckpointError` where there is no such tensor or its data is malformed; `TorchError`.
    func tensor(_ name: String, as dtype: DType?) throws -> Tensor

    /// A matrix as it lies in its file, to be multiplied there; nil where it is stored in a way that has no products.
    /// - Throws: `CheckpointError` where there is no such tensor.
    func fileRows(_ name: String) throws -> FileWeight.Rows?
}

extension Checkpoint {
    public func fileRows(_ name: String) throws -> FileWeight.Rows? { nil }

    public func contains(_ name: String) -> Bool {
        (try? shape(of: name)) != nil
    }

    /// One tensor in its stored dtype; see `tensor(_:as:)`.
    public func tensor(_ name: String) throws -> Tensor {
        try tensor(name, as: nil)
    }

    /// One tensor whose shape is known beforehand.
    /// - Throws: `CheckpointError` naming both shapes where the file's differs; see `tensor(_:as:)`.
    public func tensor(_ name: String, shape: [Int], as dtype: DType? = nil) throws -> Tensor {
        try check(name, shape)
        return try tensor(name, as: dtype)
    }

    /// A matrix whose shape is known beforehand, as it lies in its file.
    /// - Throws: `CheckpointError` naming both shapes where the file's differs; see `fileRows(_:)`.
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
