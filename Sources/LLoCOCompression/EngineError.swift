public import LLoCOBase

/// An error about a part of the loaded model that is missing or does not fit the other parts.
public struct EngineError: CodedError {
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
