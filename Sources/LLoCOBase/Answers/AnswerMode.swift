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
    /// some of the documents' vectors and the best pieces of their text, within a budget of positions, with the adapter
    case hybrid

    /// The one that is measured best at a thirtieth of the documents' positions (`Docs/experiments.md` 23).
    public static let `default` = AnswerMode.hybrid

    /// Whether passages that a search finds are read.
    public var readsPassages: Bool { self == .retrieval || self == .hybrid }

    /// Whether documents' vectors are read, with their group's adapter.
    public var readsVectors: Bool { self == .compressed || self == .hybrid }
}
