/// One turn of a conversation.
public struct ChatMessage: Sendable, Hashable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable {
        case system, user, assistant
    }

    public var role: Role
    public var content: String

    /// A turn of `role`.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}
