/// A question about a document, with its correct answers.
public struct Question: Hashable, Sendable {
    /// The question's id, unique in its set.
    public var id: String
    /// The question's text (the field `question` of the file).
    public var text: String
    /// One or more reference answers, none of them empty. Training uses the first.
    public var answers: [String]

    /// A question and its reference answers.
    public init(id: String, text: String, answers: [String]) {
        self.id = id
        self.text = text
        self.answers = answers
    }
}
