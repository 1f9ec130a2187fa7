import LLoCOBase

/// RULER's common words task: a numbered list in which ten words occur more often than all others. A short solved
/// example comes first, as published.
struct CommonWordsSample: RulerSample {
    /// Word frequencies; below 4,096 tokens the published task uses smaller ones.
    private struct Frequencies {
        var common: Int
        var uncommon: Int
        /// The example's number of different words and their frequencies.
        var example: (words: Int, common: Int, uncommon: Int)

        init(length: Int) {
            let isShort = length < 4_096
            (common, uncommon) = isShort ? (6, 1) : (30, 3)
            example = isShort ? (20, 3, 1) : (40, 10, 3)
        }
    }

    private static let common = 10

    private let kind: DistinctWords.Kind
    private let frequencies: Frequencies
    private let example: String
    private let order: SplitMix64
    private var words: DistinctWords

    /// - Parameter length: length of the prompt, in tokens
    init(length: Int, words kind: DistinctWords.Kind, generator: SplitMix64) {
        var generator = generator
        let frequencies = Frequencies(length: length)
        var words = DistinctWords(kind, using: &generator)
        let shown = (0..<frequencies.example.words).map { words[$0] }
        let text = Self.text(shown, frequencies.example.common, frequencies.example.uncommon, generator)
        example =
            text + "\n\nQuestion: " + Self.question + "\nAnswer: "
            + shown.prefix(Self.common).joined(separator: ", ") + "\n\n\n"
        order = SplitMix64(seed: generator.next())
        self.kind = kind
        self.frequencies = frequencies
        self.words = words
    }

    /// Number of different words.
    var sizes: ClosedRange<Int> { (Self.common + 1)...(DistinctWords.limit(kind) - frequencies.example.words) }

    mutating func prompt(size: Int) -> RulerPrompt {
        // The task does not reuse the example's words.
        let first = frequencies.example.words
        let chosen = (first..<(first + size)).map { words[$0] }
        return RulerPrompt(
            text: example + Self.text(chosen, frequencies.common, frequencies.uncommon, order),
            question: Self.question, answers: Array(chosen.prefix(Self.common)))
    }

    private static let question = "Which \(common) words occur most often in the list?"

    /// A shuffled list: the first ten words occur `common` times each, the others `uncommon` times.
    private static func text(_ words: [String], _ common: Int, _ uncommon: Int, _ generator: SplitMix64) -> String {
        var generator = generator
        var list: [Int] = []
        for index in words.indices {
            list += repeatElement(index, count: index < Self.common ? common : uncommon)
        }
        list.shuffle(using: &generator)
        var text =
            "Below is a numbered list of words. A few of them occur more often than the rest: remember those.\n\n"
        for (place, index) in list.enumerated() {
            text += place == 0 ? "1. " : " \(place + 1). "
            text += words[index]
        }
        return text
    }
}
