/// Hyperparameters of learning which positions each head keeps; the defaults were found on Qwen2.5-Coder-0.5B-Instruct
/// (`Docs/experiments.md`).
public struct SelectionRecipe: Sendable, Codable, Equatable {
    /// Tokens a segment when the compressor is used, 1...1,048,576: 1536 by default
    public var segmentTokens = 1536
    /// Vectors a segment, 1...65,536: 50 by default
    public var summaryTokens = 50
    /// Steps of the whole run, one document each, 1 or more: 200 by default
    public var steps = 200
    /// Questions a step, about its document, 1...65,536: 8 by default
    public var questionsPerStep = 8
    /// Segments of a document, 1...1024, 2 by default; documents with more are left out
    public var questionedSegments = 2
    /// The optimizer's rate at its peak, for the logarithms of the heads' shares, more than 0: 0.06 by default
    public var shareLearningRate = 0.06
    /// The same for what is added to scores and for the powers of attention and lengths, more than 0: 0.03 by default
    public var weightLearningRate = 0.03
    /// The same for the directions, in units of keys' and values' standard deviations, more than 0: 0.01 by default
    public var directionLearningRate = 0.01
    /// Steps in which the rates rise, 0 or more, 5 by default; then half a cosine to zero
    public var warmupSteps = 5
    /// How soft the border is between positions that are kept and others, in units of the logarithm of worth, at the first
    /// step, more than 0: 0.4 by default. It gets harder evenly, to `lastWidth`.
    public var firstWidth = 0.4
    /// The same at the last step, more than 0: 0.1 by default
    public var lastWidth = 0.1
    /// The norm that a step's gradients, all together, are scaled down to where it is larger; more than 0, 1 by default
    public var clipNorm = 1.0
    /// Steps between two checkpoints, 1 or more: 20 by default
    public var checkpointSteps = 20

    /// The defaults.
    public init() {}
}
