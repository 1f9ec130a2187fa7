public import LLoCOBase

/// A model that is not here, or whose files are not what they should be.
public struct ModelFileError: CodedError, Hashable, Sendable {
    public let errorCode: ErrorCode
    /// One line: the model or file, what was found and what was expected.
    public let description: String
    public let hint: ErrorHint?

    /// An error of the given kind with its one-line message.
    public init(_ errorCode: ErrorCode, _ description: String, hint: ErrorHint? = nil) {
        self.errorCode = errorCode
        self.description = description
        self.hint = hint
    }
}
