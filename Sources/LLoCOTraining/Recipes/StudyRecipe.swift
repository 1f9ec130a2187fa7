/// Hyperparameters of self-study; the defaults were found on SmolLM2-135M-Instruct (`Docs/experiments.md`).
public struct StudyRecipe: Sendable, Codable, Equatable {
    /// Generated questions per passage, including rejected ones, 1...1,000: 8 by default
    public var questionsPerPassage = 8
    /// Sampling temperature of questions, 0...10: 0.7 by default
    public var temperature = 0.7
    /// Top-p of sampling questions, 0.01...1: 0.95 by default
    public var topP = 0.95
    /// Minimum number of words in an excerpt that questions are generated from (whole sentences), 1...10,000: 24 by
    /// default
    public var excerptWords = 24
    /// The teacher's most likely tokens that are targets at each position of an answer, 1...128: 16 by default
    public var teacherTokens = 16

    /// Creates a recipe with the defaults.
    public init() {}
}
