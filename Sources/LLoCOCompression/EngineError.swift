public import LLoCOBase

/// A part that is missing or does not fit the others.
public struct EngineError: CodedError {
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
