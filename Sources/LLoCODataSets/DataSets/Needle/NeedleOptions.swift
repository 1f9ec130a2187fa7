/// Options of the needle-in-a-haystack generator (Kamradt 2023): a grid of lengths and depths.
public struct NeedleOptions: Sendable, Hashable {
    /// The choice of the hidden sentence.
    public enum Hidden: Sendable, Hashable {
        /// The same sentence in every text.
        case fixed(Needle)
        /// A random thing, town and number in each text.
        case random
    }

    /// Lengths of a prompt with its answer, in tokens; default 1k, 2k, 4k, 8k and 16k.
    public var lengths: [Int]
    /// Positions of the needle, in percent of the haystack: 0 before it, 100 after it. Default 0, 10, ... 100.
    public var depths: [Double]
    /// Number of texts per length and depth; default 1.
    public var samples: Int
    /// The hidden sentence; default random.
    public var hidden: Hidden
    /// Room for the answer, in tokens; default 64.
    public var answerTokens: Int
    /// Tokens of the prompt besides the text and the question (chat template, instructions); default 0.
    public var templateTokens: Int
    /// Seed of the generator; default 0. The same seed gives the same data.
    public var seed: UInt64

    /// Creates options with the documented defaults.
    public init(
        lengths: [Int] = [1_024, 2_048, 4_096, 8_192, 16_384],
        depths: [Double] = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100], samples: Int = 1, hidden: Hidden = .random,
        answerTokens: Int = 64, templateTokens: Int = 0, seed: UInt64 = 0
    ) {
        self.lengths = lengths
        self.depths = depths
        self.samples = samples
        self.hidden = hidden
        self.answerTokens = answerTokens
        self.templateTokens = templateTokens
        self.seed = seed
    }

    func check() throws {
        let subject = "needle"
        try GenerationLimits.check(lengths: lengths, samples: samples, cells: depths.count, subject)
        guard !depths.isEmpty else { throw DataGenerationError(subject, "no depth, expected 0...100") }
        for (index, depth) in depths.enumerated() {
            guard (0...100).contains(depth) else {
                throw DataGenerationError(subject, "the depth is \(depth), expected 0...100 percent")
            }
            guard !depths[..<index].contains(depth) else {
                throw DataGenerationError(subject, "the depth \(depth) was given twice")
            }
        }
        try GenerationLimits.check(tokens: answerTokens, "the room for the answer", subject)
        try GenerationLimits.check(tokens: templateTokens, "the prompt template", subject)
        if case .fixed(let needle) = hidden {
            guard !needle.answers.isEmpty,
                needle.answers.allSatisfy({ !$0.isEmpty && needle.text.contains($0) })
            else {
                throw DataGenerationError(
                    subject, "an answer is not in the needle's text, expected one or more parts of that text")
            }
        }
    }
}
