import LLoCOLibrary

/// The pieces of some texts, ranked for a question.
///
/// A piece's score is its BM25 score plus weighted scores of its neighbours: an answer often stands beside the words of
/// the question, after them more often than before.
struct ExcerptRanking {
    /// Sentences that certainly matter: they have most of the question's words, or a rare identifier of it, or share a
    /// rare name with such sentences.
    struct KeySentences {
        /// The index of their piece
        let place: Int
        /// UTF-8 byte offsets in the piece's text
        let sentences: Range<Int>
    }

    /// Best first
    private(set) var keySentences: [KeySentences] = []
    /// Indices of pieces, best first
    private(set) var order: [Int] = []
    /// Whether the texts contain an identifier of the question
    private(set) var matchesIdentifier = false

    /// The weights of the first, second and third piece before a piece, and of those after it
    /// (`Docs/experiments.md` 24)
    private static let (before, after) = ([0.5, 0.3, 0.15], [0.3, 0.15, 0.08])
    /// A piece has key sentences if it has at least this share of the maximum score for the question's words.
    private static let minimumCoverage = 0.7
    /// If more pieces than this reach ``minimumCoverage``, none counts.
    private static let maximumCoveringPieces = 12
    /// Names and identifiers in more pieces than this are not followed.
    private static let maximumFrequency = 6
    /// In Unicode scalars
    private static let maximumNameLength = 64
    /// The maximum number of names that are followed
    private static let maximumLinks = 64

    /// Ranks pieces for a question.
    ///
    /// - Parameter limit: maximum number of pieces in ``order``
    /// - Throws: `LibraryError` if the pieces cannot be searched.
    init(_ question: String, _ index: ExcerptIndex, limit: Int) throws {
        let question = Self.withoutReferences(question)
        let scores = try index.scores(for: question)
        order = Self.smoothed(scores, index).prefix(limit).map { $0 }
        try findKeySentences(question, scores, index)
    }

    /// Words that refer to the text itself
    private static let references: Set<String> = [
        "text", "passage", "mentioned", "provided", "according", "above", "below", "following",
    ]

    /// A question without the words that refer to the text itself.
    private static func withoutReferences(_ question: String) -> String {
        question.split(whereSeparator: \.isWhitespace).filter { word in
            !references.contains(word.lowercased().filter(\.isLetter))
        }.joined(separator: " ")
    }

    /// Indices of pieces by their scores with those of their neighbours, best first.
    private static func smoothed(_ scores: [Int: Double], _ index: ExcerptIndex) -> [Int] {
        var sums = scores
        // A fixed order makes the sums' last bits reproducible.
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

    private mutating func findKeySentences(_ question: String, _ scores: [Int: Double], _ index: ExcerptIndex) throws {
        let worth = try index.worth(of: question)
        guard worth > 0 else { return }
        var places: Set<Int> = []
        var found: [(part: KeySentences, rank: Int, score: Double)] = []
        func add(_ sentences: [Int: Range<Int>], rank: Int) {
            for (place, bytes) in sentences.sorted(by: { $0.key < $1.key }) where places.insert(place).inserted {
                found.append((KeySentences(place: place, sentences: bytes), rank, scores[place] ?? 0))
            }
        }
        let covering = scores.filter { $0.value >= Self.minimumCoverage * worth }
        if 1...Self.maximumCoveringPieces ~= covering.count {
            let sentences = try index.sentences(with: question, limit: 2 * Self.maximumCoveringPieces)
            add(sentences.filter { covering[$0.key] != nil }, rank: 0)
        }
        for identifier in Self.names(in: question).filter(Self.isIdentifier).prefix(Self.maximumLinks) {
            guard 1...Self.maximumFrequency ~= (try index.frequency(of: identifier)) else { continue }
            add(try index.sentences(withPhrase: identifier, limit: Self.maximumFrequency), rank: 0)
            matchesIdentifier = true
        }
        func sort() {
            found.sort { ($0.rank, -$0.score, $0.part.place) < ($1.rank, -$1.score, $1.part.place) }
        }
        sort()
        // Breadth first.
        var seen = Set(KeywordQuery(question).words)
        var (next, followed) = (0, 0)
        while next < found.count, found.count < 2 * Self.maximumCoveringPieces, followed < Self.maximumLinks {
            let (part, rank, _) = found[next]
            next += 1
            let text = index.content(part.sentences, of: index.pieces[part.place].text)
            for name in Self.names(in: text) where seen.insert(name.lowercased()).inserted {
                followed += 1
                guard 2...Self.maximumFrequency ~= (try index.frequency(of: name)) else { continue }
                add(try index.sentences(withPhrase: name, limit: Self.maximumFrequency), rank: rank + 1)
            }
        }
        sort()
        keySentences = found.map(\.part)
    }

    /// Whether a word is an identifier: three or more characters with a digit or a hyphen, or all capitals.
    private static func isIdentifier(_ word: String) -> Bool {
        word.count > 2
            && (word.contains(where: \.isNumber) || word.contains("-") || word.allSatisfy(\.isUppercase))
    }

    /// The names in a text: identifiers, and capitalized words that do not begin a sentence.
    static func names(in text: String) -> [String] {
        var names: [String] = []
        var beginsSentence = true
        var word = ""
        func finish() {
            while word.last == "-" { word.removeLast() }
            guard !word.isEmpty else { return }
            if word.unicodeScalars.count <= maximumNameLength,
                isIdentifier(word) || (word.count > 1 && !beginsSentence && word.first?.isUppercase == true)
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
