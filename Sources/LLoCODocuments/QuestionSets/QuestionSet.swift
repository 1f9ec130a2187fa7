/// Documents with questions and reference answers, to train and to score on.
///
/// The file form is JSON Lines, gzipped or not, a line a document:
///
///     {"id": "...", "title": "...", "document": "...",
///      "questions": [{"id": "...", "question": "...", "answers": ["...", "..."]}]}
///
/// Read one with ``init(contentsOf:text:)``.
public struct QuestionSet: Hashable, Sendable {
    /// The documents, in the order of the file.
    public var documents: [QuestionDocument]

    /// A set of these documents.
    public init(documents: [QuestionDocument]) {
        self.documents = documents
    }

    /// How many questions all documents have together.
    public var questionCount: Int {
        documents.reduce(0) { $0 + $1.questions.count }
    }
}
