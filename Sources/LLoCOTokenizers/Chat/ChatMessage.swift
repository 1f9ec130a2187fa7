/// One turn of a conversation.
public struct ChatMessage: Sendable, Hashable {
    /// The author of a turn.
    public enum Role: String, Sendable, Hashable, Codable {
        case system, user, assistant
    }

    /// The author of the turn.
    public var role: Role
    /// The text of the turn.
    public var content: String

    /// Creates a turn.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}
