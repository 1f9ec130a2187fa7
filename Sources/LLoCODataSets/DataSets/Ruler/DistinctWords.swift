import LLoCOBase

/// Distinct words in a random order, drawn lazily.
struct DistinctWords {
    enum Kind {
        /// `lantern`
        case single
        /// `amber-lantern`
        case compound
    }

    private let kind: Kind
    private var words: [String] = []
    private var used: Set<Int> = []
    private var generator: SplitMix64

    init(_ kind: Kind, using generator: inout SplitMix64) {
        self.kind = kind
        self.generator = SplitMix64(seed: generator.next())
    }

    /// The number of words of a kind. For compounds, nine in ten: finding the last ones by drawing would take long.
    static func limit(_ kind: Kind) -> Int {
        switch kind {
        case .single: WordList.adjectives.count + WordList.nouns.count
        case .compound: WordList.adjectives.count * WordList.nouns.count / 10 * 9
        }
    }

    /// The word at an index below the limit.
    subscript(index: Int) -> String {
        mutating get {
            if kind == .single, words.isEmpty {
                words = (WordList.adjectives + WordList.nouns).shuffled(using: &generator)
            }
            while words.count <= index { words.append(compound()) }
            return words[index]
        }
    }

    private mutating func compound() -> String {
        let nouns = WordList.nouns.count
        while true {
            let number = Int.random(in: 0..<(WordList.adjectives.count * nouns), using: &generator)
            if used.insert(number).inserted {
                return WordList.adjectives[number / nouns] + "-" + WordList.nouns[number % nouns]
            }
        }
    }
}
