public import LLoCOBase

/// An error that prevents or stops training.
public struct TrainingError: CodedError {
    /// The kind of error.
    public let errorCode: ErrorCode
    /// One line: what was found and what was expected.
    public let description: String
    /// A suggested remedy.
    public let hint: ErrorHint?

    /// Creates an error with its kind and its one-line message.
    public init(_ errorCode: ErrorCode, _ description: String, hint: ErrorHint? = nil) {
        self.errorCode = errorCode
        self.description = description
        self.hint = hint
    }
}

extension TrainingError {
    /// - Parameter failureNote: says what remains valid
    static func notFinite(step: Int, loss: Double, norm: Double, failureNote: String) -> TrainingError {
        TrainingError(
            .damaged,
            "training became unstable at step \(step) (loss \(loss), gradient norm \(norm)): "
                + "\(failureNote); lower the learning rate")
    }
}
