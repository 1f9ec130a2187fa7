import LLoCOBase

/// RULER's frequent words task: code words whose frequencies fall with the square of their rank. Rank 1 is dots, which
/// do not count; the answers are ranks 2 to 4.
struct FrequentWordsSample: RulerSample {
    private static let vocabularySize = 2_000
    private static let wordLength = 6
    /// zeta(2): the sum of 1 / rank² over all ranks.
    private static let zeta = Double.pi * Double.pi / 6
    private static let letters = Array("abcdefghijklmnopqrstuvwxyz")

    /// The code words by rank.
    private let vocabulary: [String]
    private let order: SplitMix64

    init(generator: SplitMix64) {
        var generator = generator
        var vocabulary = ["..."]
        var used: Set<String> = []
        while vocabulary.count < Self.vocabularySize {
            let word = String((0..<Self.wordLength).map { _ in generator.pick(Self.letters) })
            if used.insert(word).inserted { vocabulary.append(word) }
        }
        self.vocabulary = vocabulary
        order = SplitMix64(seed: generator.next())
    }

    /// Number of words before the counts are rounded down; from 100 on, rank 4 occurs more often than rank 5.
    var sizes: ClosedRange<Int> { 100...GenerationLimits.maximumLength }

    mutating func prompt(size: Int) -> RulerPrompt {
        var generator = order
        var words: [Int] = []
        for rank in vocabulary.indices {
            let count = Int(Double(size) / (Double((rank + 1) * (rank + 1)) * Self.zeta))
            if count == 0 { break }
            words += repeatElement(rank, count: count)
        }
        words.shuffle(using: &generator)
        return RulerPrompt(
            text: """
                The text below is written in code words. Keep count of how often each of them occurs; the dots ... stand \
                for nothing.

                \(words.map { vocabulary[$0] }.joined(separator: " "))
                """,
            question: "Leaving the dots aside, which three code words occur most often? Give the words alone.",
            answers: Array(vocabulary[1...3]))
    }
}
