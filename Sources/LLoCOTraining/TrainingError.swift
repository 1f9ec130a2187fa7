public import LLoCOBase

/// Training that cannot go on.
public struct TrainingError: CodedError {
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

extension TrainingError {
    static func notFinite(step: Int, loss: Double, norm: Double, kept: String) -> TrainingError {
        TrainingError(
            .damaged,
            "training became unstable at step \(step) (loss \(loss), gradient norm \(norm)): "
                + "\(kept); lower the learning rate")
    }
}
