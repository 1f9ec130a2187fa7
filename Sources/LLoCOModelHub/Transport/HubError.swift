public import LLoCOBase

/// An error of a model hub, or of the connection to it. It never contains a token.
public struct HubError: CodedError, Hashable, Sendable {
    /// The kind of error.
    public let errorCode: ErrorCode
    /// One line: the hub or model, what was found and what was expected.
    public let description: String
    /// Whether the same request may succeed a moment later.
    package let isTransient: Bool
    /// The server's `Retry-After` in seconds; nil if absent.
    package let retryAfter: Int?

    init(_ errorCode: ErrorCode, _ description: String, isTransient: Bool = false, retryAfter: Int? = nil) {
        self.errorCode = errorCode
        self.description = description.printable(limit: 600)
        self.isTransient = isTransient
        self.retryAfter = retryAfter
    }
}
