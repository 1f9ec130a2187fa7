public import LLoCOLibrary

/// Tells apart what can be learned from and what is degenerate or not about the passage. It sees words alone, in
/// languages that set them apart by spaces.
public struct StudyFilter: Sendable, Equatable {
    /// The most words of a question: 24 by default
    public var longestQuestion = 24
    /// The most words of an answer: 24 by default
    public var longestAnswer = 24
    /// The most words of a summary: 48 by default
    public var longestSummary = 48
    /// The share of what a question says that has to be in the passage, 0...1: half by default, since a question
    /// changes verbs
    public var groundedQuestion = 0.5
    /// The share of what an answer says that has to be in the passage, 0...1: 0.75 by default
    public var groundedAnswer = 0.75

    /// The defaults.
    public init() {}

    /// Why a question is not asked; nil where it is.
    ///
    /// - Parameters:
    ///   - passage: the text that it is about
    ///   - asked: the ``key(_:)`` of every question about the document before it
    public func rejection(of question: String, about passage: String, asked: Set<String> = []) -> StudyRejection? {
        let words = StudyWords(question)
        guard !words.all.isEmpty else { return .empty }
        if isLoop(words) { return .loop }
        guard question.filter({ Self.questionMarks.contains($0) }).count == 1, let end = question.last,
            Self.questionMarks.contains(end), !question.contains(where: \.isNewline)
        else { return .noQuestion }
        if words.all.count > longestQuestion { return .tooLong }
        let text = StudyWords(passage)
        if namesText(words, text) { return .namesText }
        if !isGrounded(question, words, in: text, share: groundedQuestion) { return .ungrounded }
        return asked.contains(Self.key(question)) ? .duplicate : nil
    }

    /// Why an answer to an accepted question is not learned; nil where it is.
    public func rejection(
        of answer: String, to question: String, about passage: String, kind: StudyKind = .fact
    ) -> StudyRejection? {
        let words = StudyWords(answer)
        guard !words.content.isEmpty else { return .empty }
        if isLoop(words) { return .loop }
        if words.all.count > (kind == .summary ? longestSummary : longestAnswer) { return .tooLong }
        let text = StudyWords(passage)
        if namesText(words, text) { return .namesText }
        if !isGrounded(answer, words, in: text, share: groundedAnswer) { return .ungrounded }
        let asked = Set(StudyWords(question).content)
        return words.content.allSatisfy(asked.contains) ? .echo : nil
    }

    /// What is the same for questions that ask the same.
    package static func key(_ question: String) -> String {
        let words = StudyWords(question)
        return ([words.all.first ?? ""] + Set(words.content).sorted()).joined(separator: " ")
    }

    private func isLoop(_ words: StudyWords) -> Bool { words.repeats(4, times: 2) || words.repeats(2, times: 3) }

    private func namesText(_ words: StudyWords, _ passage: StudyWords) -> Bool {
        let named = Self.textWords.intersection(words.all)
        return !named.isEmpty && !named.isSubset(of: passage.all)
    }

    /// Enough of the content is in the passage, and every name is: a word with a capital that begins no sentence.
    private func isGrounded(_ text: String, _ words: StudyWords, in passage: StudyWords, share: Double) -> Bool {
        let known = Set(passage.all.map(StudyWords.stem))
        let found = words.content.count { known.contains($0) }
        guard Double(found) >= share * Double(words.content.count) else { return false }
        let names = StudyWords.split(text).dropFirst().filter { $0.first?.isUppercase == true && $0 != "I" }
        return names.allSatisfy { known.contains(StudyWords.stem($0.lowercased())) }
    }

    private static let questionMarks: Set<Character> = ["?", "？", "؟"]

    /// How a text is spoken of by who has it before him.
    private static let textWords: Set<String> = [
        "answer", "answers", "author", "excerpt", "paragraph", "passage", "question", "questions", "sentence", "story",
        "text", "title",
    ]
}
