/// Cuts a passage into stretches of a few sentences: a small model asks better about little at a time.
package enum StudyExcerpts {
    /// The excerpts of a passage, in order: whole sentences, of at least `words` words but for a short passage; white space
    /// within is one space.
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
        // A short rest belongs to what comes before it.
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
