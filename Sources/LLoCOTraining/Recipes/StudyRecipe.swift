/// Hyperparameters of self-study; the defaults were found on SmolLM2-135M-Instruct (`Docs/experiments.md`).
public struct StudyRecipe: Sendable, Codable, Equatable {
    /// How often the model asks about a passage, 1...1,000: 8 times by default; what is rejected counts
    public var questionsPerPassage = 8
    /// What scores are divided by before a question's tokens are drawn, 0...10: 0.7 by default
    public var temperature = 0.7
    /// Questions are drawn from the likeliest tokens of this joint probability, 0.01...1: 0.95 by default
    public var topP = 0.95
    /// The least words of what the model reads while it asks, whole sentences of a passage, 1...10,000: 24 by default
    public var excerptWords = 24
    /// The likeliest tokens of the teacher's that are learned at each position of an answer, 1...128: 16 by default
    public var teacherTokens = 16

    /// The defaults.
    public init() {}
}
