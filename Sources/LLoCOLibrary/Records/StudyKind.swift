/// The kind of a self-study question.
public enum StudyKind: String, Sendable, CaseIterable, Codable {
    /// Asks for a fact: who, what, where or how.
    case fact
    /// Asks why something was done or happened.
    case reason
    /// Asks what happened after something.
    case order
    /// Asks for a summary in one sentence.
    case summary
}
