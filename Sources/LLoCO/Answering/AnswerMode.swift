/// What the model reads before it answers.
public enum AnswerMode: String, Sendable, CaseIterable, Codable {
    /// the documents' vectors, with their group's adapter
    case compressed
    /// the documents' text, cut to fit the window
    case full
    /// the best passages' text
    case retrieval
    /// nothing but the question
    case none
}
