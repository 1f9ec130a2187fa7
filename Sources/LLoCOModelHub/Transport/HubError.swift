public import LLoCOBase

/// What a model hub answered, or that it did not, in one line. It never holds a token.
public struct HubError: CodedError, Hashable, Sendable {
    public let errorCode: ErrorCode
    public let description: String
    /// Whether the same request may succeed a moment later.
    package let isTransient: Bool
    /// Seconds after which the server wants to be asked again; nil where it does not say.
    package let retryAfter: Int?

    init(_ errorCode: ErrorCode, _ description: String, isTransient: Bool = false, retryAfter: Int? = nil) {
        self.errorCode = errorCode
        self.description = description.printable(limit: 600)
        self.isTransient = isTransient
        self.retryAfter = retryAfter
    }
}
