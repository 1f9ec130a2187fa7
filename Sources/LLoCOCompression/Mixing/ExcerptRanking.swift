import LLoCOLibrary

/// The pieces of some texts in the order in which they are read for a question.
///
/// A piece is as good as the question's words that it has, by BM25, and those of the pieces around it: what is asked for
/// often stands beside the words of the question, after them more often than before.
struct ExcerptRanking {
    /// Sentences that are sure to matter: they have most of the question's words, or a rare code or number of it, or are
    /// led to from such sentences by a rare name.
    struct Telling {
        /// Among the index's pieces
        let place: Int
        /// UTF-8 byte offsets in its text
        let sentences: Range<Int>
    }

    /// Best first.
    private(set) var telling: [Telling] = []
    /// Places of pieces, best first
    private(set) var order: [Int] = []
    /// Whether a code of the question stands in the texts
    private(set) var findsCode = false

    /// The weights of the words in the first, second and third piece before a piece, and after it
    /// (`Docs/experiments.md` 24)
    private static let (before, after) = ([0.5, 0.3, 0.15], [0.3, 0.15, 0.08])
    /// A piece tells where it has this share of what the question's words are worth.
    private static let minimumCoverage = 0.7
    /// Sentences tell only where there are so few,
    private static let mostTelling = 12
    /// and a word leads to them only where so few pieces have it.
    private static let maximumPlaces = 6
    /// In Unicode scalars
    private static let longestName = 64
    /// So many names are followed at most.
    private static let maximumLinks = 64

    /// - Parameter limit: pieces, at most
    /// - Throws: `LibraryError` where the pieces cannot be searched.
    init(_ question: String, _ index: ExcerptIndex, limit: Int) throws {
        let question = Self.withoutReferences(question)
        let scores = try index.scores(for: question)
        order = Self.smoothed(scores, index).prefix(limit).map { $0 }
        try findTelling(question, scores, index)
    }

    /// Words that speak of the text itself, not of what it says
    private static let references: Set<String> = [
        "text", "passage", "mentioned", "provided", "according", "above", "below", "following",
    ]

    /// A question without the words that speak of the text.
    private static func withoutReferences(_ question: String) -> String {
        question.split(whereSeparator: \.isWhitespace).filter { word in
            !references.contains(word.lowercased().filter(\.isLetter))
        }.joined(separator: " ")
    }

    /// Places by their own words and those around them, best first.
    private static func smoothed(_ scores: [Int: Double], _ index: ExcerptIndex) -> [Int] {
        var sums = scores
        // In a fixed order, which sums depend on in their last bits.
        for (place, score) in scores.sorted(by: { $0.key < $1.key }) {
            func add(_ neighbour: Int, _ weight: Double) {
                guard index.pieces.indices.contains(neighbour), index.pieces[neighbour].text == index.pieces[place].text
                else { return }
                sums[neighbour, default: 0] += weight * score
            }
            for (distance, weight) in before.enumerated() { add(place + distance + 1, weight) }
            for (distance, weight) in after.enumerated() { add(place - distance - 1, weight) }
        }
        return sums.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.map(\.key)
    }

    private mutating func findTelling(_ question: String, _ scores: [Int: Double], _ index: ExcerptIndex) throws {
        let worth = try index.worth(of: question)
        guard worth > 0 else { return }
        var places: Set<Int> = []
        var found: [(part: Telling, rank: Int, score: Double)] = []
        func add(_ sentences: [Int: Range<Int>], rank: Int) {
            for (place, bytes) in sentences.sorted(by: { $0.key < $1.key }) where places.insert(place).inserted {
                found.append((Telling(place: place, sentences: bytes), rank, scores[place] ?? 0))
            }
        }
        let covering = scores.filter { $0.value >= Self.minimumCoverage * worth }
        if 1...Self.mostTelling ~= covering.count {
            add(
                try index.sentences(with: question, limit: 2 * Self.mostTelling).filter { covering[$0.key] != nil },
                rank: 0)
        }
        for code in Self.names(in: question).filter(Self.isCode).prefix(Self.maximumLinks) {
            guard 1...Self.maximumPlaces ~= (try index.frequency(of: code)) else { continue }
            add(try index.sentences(withPhrase: code, limit: Self.maximumPlaces), rank: 0)
            findsCode = true
        }
        func sort() {
            found.sort { ($0.rank, -$0.score, $0.part.place) < ($1.rank, -$1.score, $1.part.place) }
        }
        sort()
        // Breadth first.
        var known = Set(KeywordQuery(question).words)
        var (next, followed) = (0, 0)
        while next < found.count, found.count < 2 * Self.mostTelling, followed < Self.maximumLinks {
            let (part, rank, _) = found[next]
            next += 1
            let text = index.content(part.sentences, of: index.pieces[part.place].text)
            for name in Self.names(in: text) where known.insert(name.lowercased()).inserted {
                followed += 1
                guard 2...Self.maximumPlaces ~= (try index.frequency(of: name)) else { continue }
                add(try index.sentences(withPhrase: name, limit: Self.maximumPlaces), rank: rank + 1)
            }
        }
        sort()
        telling = found.map(\.part)
    }

    /// A word that stands for one thing: three characters or more with a digit, all capitals, or joined by hyphens.
    private static func isCode(_ word: String) -> Bool {
        word.count > 2
            && (word.contains(where: \.isNumber) || word.contains("-") || word.allSatisfy(\.isUppercase))
    }

    /// The words that name something: codes, and those with a capital that does not begin a sentence.
    static func names(in text: String) -> [String] {
        var names: [String] = []
        var beginsSentence = true
        var word = ""
        func finish() {
            while word.last == "-" { word.removeLast() }
            guard !word.isEmpty else { return }
            if word.unicodeScalars.count <= longestName,
                isCode(word) || (word.count > 1 && !beginsSentence && word.first?.isUppercase == true)
            {
                names.append(word)
            }
            beginsSentence = false
            word = ""
        }
        for character in text {
            if character.isLetter || character.isNumber || (character == "-" && !word.isEmpty) {
                word.append(character)
                continue
            }
            finish()
            if ".!?\n\"".contains(character) { beginsSentence = true }
        }
        finish()
        return names
    }
}
