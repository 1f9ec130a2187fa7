/// Hyperparameters of training a compressor; the defaults are the published ones for Llama-2-7B (Chevalier et al. 2023).
public struct CompressorRecipe: Sendable, Codable, Equatable {
    /// Vectors a segment: S
    public var summaryTokens = 50
    /// Tokens a segment when the compressor is used; training cuts at random around the same mean.
    public var segmentTokens = 1536
    /// Tokens of a training row, cut into `substeps` · `segmentsPerSubstep` segments
    public var rowTokens = 6144
    /// The prefix is detached between substeps, which bounds the graph.
    public var substeps = 2
    public var segmentsPerSubstep = 2
    /// How far a segment's length may lie from the mean, as a share of it
    public var segmentJitter = 0.33
    /// Rows a step
    public var batchRows = 32
    public var steps = 76_000
    public var learningRate = 4e-4
    /// The summary embeddings' own rate; they start as copies of one row and have far to go.
    public var summaryLearningRate = 4e-4
    public var warmupSteps = 5_000
    public var decay = LearningRateSchedule.Decay.linear
    public var clipNorm = 1.0
    public var rank = 16
    public var alpha = 16.0
    public var dropout = 0.05
    /// Steps between two checkpoints
    public var checkpointSteps = 50

    public init() {}
}
