public import LLoCOBase

/// A model that is missing, or whose files are not as expected.
public struct ModelFileError: CodedError, Hashable, Sendable {
    /// The kind of error.
    public let errorCode: ErrorCode
    /// One line: the model or file, what was found and what was expected.
    public let description: String
    /// The suggested fix; nil if the description suffices.
    public let hint: ErrorHint?

    /// An error of the given kind with its one-line message.
    public init(_ errorCode: ErrorCode, _ description: String, hint: ErrorHint? = nil) {
        self.errorCode = errorCode
        self.description = description
        self.hint = hint
    }
}
