/// Documents with questions and reference answers, for training and evaluation.
///
/// The file format is JSON Lines, gzipped or not, with one document per line:
///
///     {"id": "...", "title": "...", "document": "...",
///      "questions": [{"id": "...", "question": "...", "answers": ["...", "..."]}]}
///
/// ``init(contentsOf:text:)`` reads such a file.
public struct QuestionSet: Hashable, Sendable {
    /// The documents, in the order of the file.
    public var documents: [QuestionDocument]

    /// A set of these documents.
    public init(documents: [QuestionDocument]) {
        self.documents = documents
    }

    /// The number of questions of all documents.
    public var questionCount: Int {
        documents.reduce(0) { $0 + $1.questions.count }
    }
}
