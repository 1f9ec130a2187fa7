/// Why a question and its answer are not learned from.
public enum StudyRejection: String, Sendable, CaseIterable, Codable {
    /// nothing is asked, or nothing answered
    case empty
    /// no question mark ends it, or there is more than one question
    case noQuestion = "no-question"
    /// longer than a question or an answer should be
    case tooLong = "too-long"
    /// says the same over and over
    case loop
    /// speaks of the passage, the text or the question, which the reader does not see
    case namesText = "names-text"
    /// says nothing that is in the passage
    case ungrounded
    /// gives the question back
    case echo
    /// was asked about the document before
    case duplicate
}
