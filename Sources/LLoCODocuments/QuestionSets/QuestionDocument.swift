/// A document and the questions asked about it: one line of a question set.
public struct QuestionDocument: Hashable, Sendable {
    /// Names the document; unique in its set.
    public var id: String
    /// Its title, or, without a text, its name in the library.
    public var title: String
    /// Its text; nil where `title` or `id` names a document of the library instead.
    public var document: String?
    /// What is asked about it; may be empty, as of a document that only makes retrieval harder.
    public var questions: [Question]

    /// A document and its questions.
    public init(id: String, title: String, document: String?, questions: [Question]) {
        self.id = id
        self.title = title
        self.document = document
        self.questions = questions
    }
}
