public import LLoCOLibrary

/// Rejects generated questions and answers that are degenerate or not about the passage. It compares words, in
/// languages that separate them by spaces.
public struct StudyFilter: Sendable, Equatable {
    /// Maximum number of words in a question: 24 by default
    public var maximumQuestionWords = 24
    /// Maximum number of words in an answer: 24 by default
    public var maximumAnswerWords = 24
    /// Maximum number of words in a summary: 48 by default
    public var maximumSummaryWords = 48
    /// Minimum share of a question's content words that occur in the passage, 0...1: 0.5 by default, since a question
    /// changes verbs
    public var groundedQuestion = 0.5
    /// Minimum share of an answer's content words that occur in the passage, 0...1: 0.75 by default
    public var groundedAnswer = 0.75

    /// Creates a filter with the defaults.
    public init() {}

    /// The reason to reject a question; nil if it is accepted.
    ///
    /// - Parameters:
    ///   - passage: the text that the question is about
    ///   - asked: the ``key(_:)`` of every earlier question about the document
    public func rejection(of question: String, about passage: String, asked: Set<String> = []) -> StudyRejection? {
        let words = StudyWords(question)
        guard !words.all.isEmpty else { return .empty }
        if isLoop(words) { return .loop }
        guard question.filter({ Self.questionMarks.contains($0) }).count == 1, let end = question.last,
            Self.questionMarks.contains(end), !question.contains(where: \.isNewline)
        else { return .noQuestion }
        if words.all.count > maximumQuestionWords { return .tooLong }
        let text = StudyWords(passage)
        if namesText(words, text) { return .namesText }
        if !isGrounded(question, words, in: text, share: groundedQuestion) { return .ungrounded }
        return asked.contains(Self.key(question)) ? .duplicate : nil
    }

    /// The reason to reject an answer to an accepted question; nil if it is accepted.
    public func rejection(
        of answer: String, to question: String, about passage: String, kind: StudyKind = .fact
    ) -> StudyRejection? {
        let words = StudyWords(answer)
        guard !words.content.isEmpty else { return .empty }
        if isLoop(words) { return .loop }
        if words.all.count > (kind == .summary ? maximumSummaryWords : maximumAnswerWords) { return .tooLong }
        let text = StudyWords(passage)
        if namesText(words, text) { return .namesText }
        if !isGrounded(answer, words, in: text, share: groundedAnswer) { return .ungrounded }
        let questionWords = Set(StudyWords(question).content)
        return words.content.allSatisfy(questionWords.contains) ? .echo : nil
    }

    /// A key that is equal for duplicate questions.
    package static func key(_ question: String) -> String {
        let words = StudyWords(question)
        return ([words.all.first ?? ""] + Set(words.content).sorted()).joined(separator: " ")
    }

    private func isLoop(_ words: StudyWords) -> Bool { words.repeats(4, times: 2) || words.repeats(2, times: 3) }

    private func namesText(_ words: StudyWords, _ passage: StudyWords) -> Bool {
        let named = Self.textWords.intersection(words.all)
        return !named.isEmpty && !named.isSubset(of: passage.all)
    }

    /// Whether enough content words and every name occur in the passage. A name is a capitalized word after the first.
    private func isGrounded(_ text: String, _ words: StudyWords, in passage: StudyWords, share: Double) -> Bool {
        let stems = Set(passage.all.map(StudyWords.stem))
        let found = words.content.count { stems.contains($0) }
        guard Double(found) >= share * Double(words.content.count) else { return false }
        let names = StudyWords.split(text).dropFirst().filter { $0.first?.isUppercase == true && $0 != "I" }
        return names.allSatisfy { stems.contains(StudyWords.stem($0.lowercased())) }
    }

    private static let questionMarks: Set<Character> = ["?", "？", "؟"]

    /// Words that refer to the passage itself.
    private static let textWords: Set<String> = [
        "answer", "answers", "author", "excerpt", "paragraph", "passage", "question", "questions", "sentence", "story",
        "text", "title",
    ]
}
