/// Limits on the generated sizes, which come from user input.
enum GenerationLimits {
    /// Maximum length of one text, in tokens.
    static let maximumLength = 1 << 22
    /// Maximum length of all texts together, in tokens. Texts are kept in memory: about four gigabytes.
    static let maximumTokens = 1 << 30

    static func check(lengths: [Int], samples: Int, cells: Int, _ subject: String) throws {
        guard !lengths.isEmpty else {
            throw DataGenerationError(subject, "no length, expected a number of tokens such as 4096")
        }
        for (index, length) in lengths.enumerated() {
            guard (1...maximumLength).contains(length) else {
                throw DataGenerationError(subject, "the length is \(length), expected 1...\(maximumLength) tokens")
            }
            guard !lengths[..<index].contains(length) else {
                throw DataGenerationError(subject, "the length \(length) was given twice")
            }
        }
        guard samples > 0 else {
            throw DataGenerationError(subject, "\(samples) samples, expected at least 1")
        }
        let tokens = Double(lengths.reduce(0, +)) * Double(samples) * Double(cells)
        guard tokens <= Double(maximumTokens) else {
            throw DataGenerationError(
                subject, "the texts would have \(tokens) tokens together, expected at most \(maximumTokens)")
        }
    }

    static func check(tokens: Int, _ name: String, _ subject: String) throws {
        guard (0...maximumLength).contains(tokens) else {
            throw DataGenerationError(subject, "\(name) is \(tokens) tokens, expected 0...\(maximumLength)")
        }
    }
}
