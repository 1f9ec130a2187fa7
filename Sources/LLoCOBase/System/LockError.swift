/// A writer's lock that could not be acquired.
public struct LockError: CodedError, Hashable, Sendable {
    /// The kind of error: `busy` if another process holds the lock, `storage` if the lock file cannot be opened.
    public let errorCode: ErrorCode
    /// One line: the locked path and the lock's holder.
    public let description: String

    /// An error of the given kind with its one-line message.
    public init(_ errorCode: ErrorCode, _ description: String) {
        self.errorCode = errorCode
        self.description = description
    }
}
