/// What a question of a study asks for.
public enum StudyKind: String, Sendable, CaseIterable, Codable {
    /// who, what, where, how
    case fact
    /// why something was done or came to be
    case reason
    /// what came after something
    case order
    /// what all of it comes to, in a sentence
    case summary
}
