/// The reason why a self-study item is excluded from training.
public enum StudyRejection: String, Sendable, CaseIterable, Codable {
    /// The question or the answer is empty.
    case empty
    /// The question does not end with a question mark, or there is more than one question.
    case noQuestion = "no-question"
    /// The question or the answer is too long.
    case tooLong = "too-long"
    /// The question or the answer repeats itself.
    case loop
    /// The question or the answer mentions the passage, the text or the question, which a later reader does not see.
    case namesText = "names-text"
    /// Too few of the words, or not all of the names, occur in the passage.
    case ungrounded
    /// The answer repeats the question.
    case echo
    /// The question was already asked about the document.
    case duplicate
}
