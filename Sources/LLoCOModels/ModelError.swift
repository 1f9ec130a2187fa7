public import LLoCOBase
package import LLoCOTorch

/// A request that a model cannot serve.
public struct ModelError: CodedError {
    /// The kind of error.
    public let errorCode: ErrorCode
    /// One line: what was found and what was expected.
    public let description: String
    /// A suggested remedy; nil if none.
    public let hint: ErrorHint?

    /// Creates an error of a kind with a one-line message.
    public init(_ errorCode: ErrorCode, _ description: String, hint: ErrorHint? = nil) {
        self.errorCode = errorCode
        self.description = description
        self.hint = hint
    }
}

extension ModelError {
    /// The error for logits, or losses computed from them, that are not finite.
    package static func nonFiniteLogits(_ dtype: DType) -> ModelError {
        ModelError(
            .damaged,
            "the model's logits are not finite in \(dtype): its weights are damaged, or too large for this dtype",
            hint: .computeInFloat32)
    }
}
