public import LLoCOBase
package import LLoCOTorch

/// A request that a model cannot serve.
public struct ModelError: CodedError {
    /// The kind of error.
    public let errorCode: ErrorCode
    /// One line: what was found and what was expected.
    public let description: String
    /// What would help.
    public let hint: ErrorHint?

    /// An error of the given kind with its one-line message.
    public init(_ errorCode: ErrorCode, _ description: String, hint: ErrorHint? = nil) {
        self.errorCode = errorCode
        self.description = description
        self.hint = hint
    }
}

extension ModelError {
    /// Scores, or losses made of them, that are not finite.
    package static func scoresAreNoNumbers(_ dtype: DType) -> ModelError {
        ModelError(
            .damaged, "the model's scores are no numbers in \(dtype): its weights are damaged, or too large for it",
            hint: .computeInFloat32)
    }
}
