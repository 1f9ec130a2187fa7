/// Splits a passage into excerpts of a few sentences: a small model asks better questions about short texts.
package enum StudyExcerpts {
    /// The excerpts of a passage, in order. An excerpt has whole sentences and at least `words` words, except for a
    /// short rest. White space becomes single spaces.
    package static func split(_ passage: String, words: Int) -> [String] {
        var excerpts: [String] = []
        var current: [Substring] = []
        for word in passage.split(whereSeparator: \.isWhitespace) {
            current.append(word)
            if current.count >= words, endsSentence(word) {
                excerpts.append(current.joined(separator: " "))
                current = []
            }
        }
        // A rest of less than half the minimum joins the previous excerpt.
        if !current.isEmpty {
            let rest = current.joined(separator: " ")
            if current.count < words / 2, let last = excerpts.popLast() {
                excerpts.append(last + " " + rest)
            } else {
                excerpts.append(rest)
            }
        }
        return excerpts
    }

    private static func endsSentence(_ word: Substring) -> Bool {
        let end = word.last { !"\"'”’)]".contains($0) }
        return end.map { ".!?。！？".contains($0) } ?? false
    }
}
