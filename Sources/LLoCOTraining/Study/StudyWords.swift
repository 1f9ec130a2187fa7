/// A text's words, normalized for comparison.
struct StudyWords {
    /// All words, lower-case, in order.
    let all: [String]
    /// The stems of the words that are not stop words, in order.
    let content: [String]

    init(_ text: String) {
        all = Self.split(text).map { $0.lowercased() }
        content = all.filter { !Self.stopWords.contains($0) }.map(Self.stem)
    }

    /// Runs of letters and digits, including inner apostrophes.
    static func split(_ text: String) -> [Substring] {
        text.split { !$0.isLetter && !$0.isNumber && $0 != "'" && $0 != "’" }
            .map { word in
                // "the king's" counts as "the king".
                for ending in ["'s", "’s", "'", "’"] where word.hasSuffix(ending) { return word.dropLast(ending.count) }
                return word
            }
            .filter { $0.contains { $0.isLetter || $0.isNumber } }
    }

    /// A word without its ending, so that "danced" equals "dances".
    static func stem(_ word: String) -> String {
        for ending in ["ing", "ed", "es", "s", "e"]
        where word.hasSuffix(ending) && word.count >= ending.count + 3 && !(ending == "s" && word.hasSuffix("ss")) {
            return String(word.dropLast(ending.count))
        }
        return word
    }

    /// Whether a run of `length` words occurs `times` times.
    func repeats(_ length: Int, times: Int) -> Bool {
        guard all.count >= length * times else { return false }
        var counts: [ArraySlice<String>: Int] = [:]
        for start in 0...(all.count - length) {
            let count = counts[all[start..<start + length], default: 0] + 1
            if count == times { return true }
            counts[all[start..<start + length]] = count
        }
        return false
    }

    /// English stop words.
    private static let stopWords: Set<String> = [
        "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
        "before", "being", "but", "by", "can", "could", "did", "do", "does", "for", "from", "had", "has", "have", "he",
        "her", "hers", "him", "himself", "his", "how", "i", "if", "in", "into", "is", "it", "its", "itself", "me", "my",
        "not", "of", "on", "or", "our", "out", "she", "should", "so", "some", "that", "the", "their", "them", "then",
        "there", "these", "they", "this", "those", "to", "up", "was", "we", "were", "what", "when", "where", "which",
        "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
    ]
}
