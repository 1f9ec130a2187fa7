/// What kind of answer a question asks for, by its words: English ones alone are known.
enum QuestionKind {
    /// Something that stands at a few places of the texts
    case detail
    /// What the texts say as a whole: a plot, a summary, a relationship. No piece of them says it.
    case whole

    /// The kind of a question; ``detail`` where nothing speaks for the other.
    init(_ question: String) {
        let words = question.lowercased().split(whereSeparator: \.isWhitespace)
        self =
            words.contains { word in
                // A part of a name with a hyphen is no word of its own.
                !word.contains("-") && Self.wordsForTheWhole.contains(word.filter(\.isLetter))
            } ? .whole : .detail
    }

    /// Words that a fifth of the questions or more have that ask about the whole of a story or a meeting, and one in a
    /// hundred of those that ask for details (training questions of SQuALITY, QMSum and FairytaleQA).
    private static let wordsForTheWhole = Set(
        """
        summarize summarise summary overview outline plot theme themes describe discuss discussion discussions explain \
        significance significant importance important relationship relationships role setting overall throughout main \
        compare whole story meeting opinion opinions conclusion characterize purpose
        """.split(separator: " ").map(String.init))
}
