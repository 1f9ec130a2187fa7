/// A writer's lock that could not be taken.
public struct LockError: CodedError, Hashable, Sendable {
    /// The kind of error: `busy` where another process holds the lock, `storage` where its file cannot be opened.
    public let errorCode: ErrorCode
    /// One line: what is locked, and who holds it.
    public let description: String

    /// An error of the given kind with its one-line message.
    public init(_ errorCode: ErrorCode, _ description: String) {
        self.errorCode = errorCode
        self.description = description
    }
}
