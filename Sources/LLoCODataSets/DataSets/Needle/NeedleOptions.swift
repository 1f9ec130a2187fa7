/// What a needle in a haystack (Kamradt 2023) is generated with: a grid of lengths and depths.
public struct NeedleOptions: Sendable, Hashable {
    /// What is hidden.
    public enum Hidden: Sendable, Hashable {
        /// The same sentence in every text.
        case fixed(Needle)
        /// Another thing, town and number in each.
        case random
    }

    /// Of a prompt with its answer, in tokens; default 1k, 2k, 4k, 8k and 16k.
    public var lengths: [Int]
    /// Where the needle is put, in percent of the haystack: 0 in front of it, 100 behind it. Default 0, 10, ... 100.
    public var depths: [Double]
    /// Texts for each length and depth; default 1.
    public var samples: Int
    public var hidden: Hidden
    /// Room that is left for the answer, in tokens; default 64.
    public var answerTokens: Int
    /// What the prompt adds around the text and the question (chat template, instructions), in tokens; default 0.
    public var templateTokens: Int
    /// The same seed gives the same data.
    public var seed: UInt64

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
        guard !depths.isEmpty else { throw DataGenerationError(subject, "no depth was given, expected 0...100") }
        for (index, depth) in depths.enumerated() {
            guard (0...100).contains(depth) else {
                throw DataGenerationError(subject, "the depth is \(depth), expected 0...100 percent")
            }
            guard !depths[..<index].contains(depth) else {
                throw DataGenerationError(subject, "the depth \(depth) was given twice")
            }
        }
        try GenerationLimits.check(tokens: answerTokens, "the room for the answer", subject)
        try GenerationLimits.check(tokens: templateTokens, "the prompt's own part", subject)
        if case .fixed(let needle) = hidden {
            guard !needle.answers.isEmpty,
                needle.answers.allSatisfy({ !$0.isEmpty && needle.text.contains($0) })
            else {
                throw DataGenerationError(
                    subject, "an answer is not in the needle's text, expected one or more strings of it")
            }
        }
    }
}
