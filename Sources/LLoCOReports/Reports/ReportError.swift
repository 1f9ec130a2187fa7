public import LLoCOBase

/// An error of a report's JSON form.
public struct ReportError: CodedError, Hashable, Sendable {
    /// Always `damaged`.
    public var errorCode: ErrorCode { .damaged }
    /// One line: the file, the found and the expected value.
    public let description: String

    /// Creates an error with a one-line message.
    public init(_ description: String) {
        self.description = description
    }
}
