/// Hyperparameters of training a head selection; the defaults were found on Qwen2.5-Coder-0.5B-Instruct
/// (`Docs/experiments.md`).
public struct SelectionRecipe: Sendable, Codable, Equatable {
    /// Tokens per segment, 1...1,048,576: 1536 by default
    public var segmentTokens = 1536
    /// Vectors per segment, 1...65,536: 50 by default
    public var summaryTokens = 50
    /// Steps of the whole run, with one document each, 1 or more: 200 by default
    public var steps = 200
    /// Questions per step, 1...65,536: 8 by default
    public var questionsPerStep = 8
    /// Maximum number of segments of a document, 1...1024, 2 by default; longer documents are omitted
    public var questionedSegments = 2
    /// Peak learning rate of the logarithms of the heads' shares, more than 0: 0.06 by default
    public var shareLearningRate = 0.06
    /// Peak learning rate of the score weights and of the powers of attention and lengths, more than 0: 0.03 by default
    public var weightLearningRate = 0.03
    /// Peak learning rate of the directions, in units of keys' and values' standard deviations, more than 0: 0.01 by
    /// default
    public var directionLearningRate = 0.01
    /// Steps of linear warmup, 0 or more, 5 by default; then half a cosine to zero
    public var warmupSteps = 5
    /// Width of the soft border between kept and other positions at the first step, in units of log(worth), more than
    /// 0: 0.4 by default. It shrinks geometrically to ``lastWidth``.
    public var firstWidth = 0.4
    /// Width of the border at the last step, more than 0: 0.1 by default
    public var lastWidth = 0.1
    /// Maximum joint norm of a step's gradients (clipping); more than 0, 1 by default
    public var clipNorm = 1.0
    /// Steps between checkpoints, 1 or more: 20 by default
    public var checkpointSteps = 20

    /// Creates a recipe with the defaults.
    public init() {}
}
