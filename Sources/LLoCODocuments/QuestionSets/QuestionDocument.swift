/// A document and the questions about it: one line of a question set.
public struct QuestionDocument: Hashable, Sendable {
    /// The document's id, unique in its set.
    public var id: String
    /// The document's title; without a text, its name in the library.
    public var title: String
    /// The document's text; nil if `title` or `id` names a document of the library instead.
    public var document: String?
    /// The questions about the document. The list may be empty, for a document that only makes retrieval harder.
    public var questions: [Question]

    /// A document and its questions.
    public init(id: String, title: String, document: String?, questions: [Question]) {
        self.id = id
        self.title = title
        self.document = document
        self.questions = questions
    }
}
