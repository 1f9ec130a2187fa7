/// The context that the model gets before it answers a question.
public enum AnswerMode: String, Sendable, CaseIterable, Codable {
    /// the documents' vectors, with their group's adapter
    case compressed
    /// the documents' text, truncated to the context window
    case full
    /// the best passages' text
    case retrieval
    /// only the question
    case none
    /// some of the documents' vectors, with the adapter, and the best excerpts of their text, within a position budget
    case hybrid

    /// The mode with the best scores at a thirtieth of the documents' positions (`Docs/experiments.md` 23).
    public static let `default` = AnswerMode.hybrid

    /// Whether the context contains retrieved passages.
    public var readsPassages: Bool { self == .retrieval || self == .hybrid }

    /// Whether the context contains documents' vectors, with their group's adapter.
    public var readsVectors: Bool { self == .compressed || self == .hybrid }
}
