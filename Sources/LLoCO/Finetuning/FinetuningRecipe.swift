/// Hyperparameters of a group's adapter; the defaults are the paper's for Llama-2-7B (Tan et al. 2024).
public struct FinetuningRecipe: Sendable, Codable, Equatable {
    public var rank = 8
    public var alpha = 16.0
    public var dropout = 0.05
    public var learningRate = 2e-5
    /// The share of the steps in which the learning rate rises
    public var warmupShare = 0.04
    public var decay = LearningRateSchedule.Decay.cosine
    public var epochs = 3
    /// Questions a step
    public var batchSize = 8
    /// Documents that a step's questions are about: those of one document share its vectors
    public var documentsPerBatch = 2
    public var clipNorm = 1.0

    public init() {}
}
