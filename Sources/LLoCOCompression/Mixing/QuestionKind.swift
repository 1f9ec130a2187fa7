/// The kind of answer that a question asks for, judged by English keywords.
enum QuestionKind {
    /// A detail at a few places of the texts
    case detail
    /// A plot, a summary, a relationship: something that no single piece of the texts states
    case overview

    /// The kind of a question; ``detail`` unless it has a word for ``overview``.
    init(_ question: String) {
        let words = question.lowercased().split(whereSeparator: \.isWhitespace)
        self =
            words.contains { word in
                // Parts of a hyphenated name do not count as words.
                !word.contains("-") && Self.overviewWords.contains(word.filter(\.isLetter))
            } ? .overview : .detail
    }

    /// A fifth or more of the questions about a whole story or meeting have one of these words, and one in a hundred of
    /// the questions about details (training questions of SQuALITY, QMSum and FairytaleQA).
    private static let overviewWords = Set(
        """
        summarize summarise summary overview outline plot theme themes describe discuss discussion discussions explain \
        significance significant importance important relationship relationships role setting overall throughout main \
        compare whole story meeting opinion opinions conclusion characterize purpose
        """.split(separator: " ").map(String.init))
}
