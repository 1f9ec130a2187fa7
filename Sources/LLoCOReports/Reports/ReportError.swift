public import LLoCOBase

/// A stored report that cannot be read.
public struct ReportError: CodedError, Hashable, Sendable {
    /// The kind of error: `damaged`.
    public var errorCode: ErrorCode { .damaged }
    /// One line: the file, what was found and what was expected.
    public let description: String

    /// An error with its one-line message.
    public init(_ description: String) {
        self.description = description
    }
}
