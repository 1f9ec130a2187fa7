/// A file that is missing or cannot be read.
public struct FileError: CodedError, Hashable, Sendable {
    /// The kind of error: `notFound` or `storage`.
    public let errorCode: ErrorCode
    /// One line: the path and the fault.
    public let description: String

    /// An error of the given kind with its one-line message.
    public init(_ errorCode: ErrorCode, _ description: String) {
        self.errorCode = errorCode
        self.description = description
    }
}
