/// A question about a document, and the answers that count as right.
public struct Question: Hashable, Sendable {
    /// Names the question; unique in its set.
    public var id: String
    /// What is asked (the field `question` of the file).
    public var text: String
    /// One or more reference answers, none of them empty; the first is the one to train on.
    public var answers: [String]

    /// A question and its references.
    public init(id: String, text: String, answers: [String]) {
        self.id = id
        self.text = text
        self.answers = answers
    }
}
