import Foundation
import LLoCOBase
import LLoCOCompression

/// Hyperparameters of training a group's adapter; the defaults are the paper's for Llama-2-7B (Tan et al. 2024).
public struct FinetuningRecipe: Sendable, Codable, Equatable {
    /// The adapter's rank r, 1...4096: 8 by default
    public var rank = 8
    /// LoRA's alpha: the adapter adds (alpha / r) · B · A · x; more than 0, 16 by default.
    public var alpha = 16.0
    /// Dropout probability of A's input, 0...0.99: 0.05 by default
    public var dropout = 0.05
    /// Peak learning rate, more than 0: 2e-5 by default
    public var learningRate = 2e-5
    /// Share of the steps with linear warmup, 0...1: 0.04 by default
    public var warmupShare = 0.04
    /// Decay of the learning rate after warmup: cosine by default
    public var decay = LearningRateSchedule.Decay.cosine
    /// Epochs over the questions, 1...10,000: 3 by default
    public var epochs = 3
    /// Questions per step, 1...65,536: 8 by default
    public var batchSize = 8
    /// Documents per step, 1...65,536, 2 by default; questions about one document share its vectors
    public var documentsPerBatch = 2
    /// Share of the questions whose context is a mixture of vectors and pieces of text, as in mode `hybrid`, 0...1: 0
    /// by default, for vectors alone
    public var hybridShare = 0.0
    /// Minimum number of document tokens per position of a mixture, 1...1,000,000: 15 by default. The ratio is sampled
    /// for each question, log-uniformly up to ``maximumRatio``. In half of the mixtures the question determines the
    /// share of text; in the others it is sampled between none and all.
    public var minimumRatio = 15.0
    /// Maximum number of document tokens per position of a mixture, see ``minimumRatio``; 60 by default
    public var maximumRatio = 60.0
    /// Whether mixtures are text alone, with vectors only in positions where no piece of text fits; false by default
    public var prefersText = false
    /// Whether a group's adapter is initialized from a general adapter of its rank and alpha; true by default
    public var startsFromGeneral = true
    /// Whether each document's vectors are tuned too, initialized with the compressor's; false by default. Tuned
    /// vectors are used only with the adapter that they were tuned with.
    public var tunesVectors = false
    /// Peak learning rate of the vectors, more than 0: 2e-3 by default
    public var vectorLearningRate = 2e-3
    /// Maximum joint norm of a step's gradients (clipping); more than 0, 1 by default
    public var clipNorm = 1.0

    /// Creates a recipe with the published values.
    public init() {}
}

extension ContextBudget {
    /// Samples the budget for a training question about a document of `tokens` tokens; nil for the document's vectors
    /// alone. It consumes the same number of random numbers in any case.
    ///
    /// - Parameters:
    ///   - share: share of the questions with a mixture of vectors and text
    ///   - ratios: limits of the document tokens per position of a mixture, sampled log-uniformly
    ///   - prefersText: whether vectors get only the positions where no piece of text fits
    static func sampled(
        ofTokens tokens: Int, share: Double, ratios: (minimum: Double, maximum: Double), prefersText: Bool = false,
        using draws: inout SplitMix64
    ) -> ContextBudget? {
        let (kind, size, textShare) = (
            Double.random(in: 0..<1, using: &draws), Double.random(in: 0..<1, using: &draws),
            Double.random(in: 0..<1, using: &draws)
        )
        guard kind < share else { return nil }
        let ratio = ratios.minimum * pow(ratios.maximum / ratios.minimum, size)
        // In half of the mixtures the question determines the share of text; a fifth of the others are text alone.
        return ContextBudget(
            positions: max(1, Int((Double(tokens) / ratio).rounded())),
            textShare: prefersText ? 1 : textShare < 0.5 ? nil : min(1, 1.25 * (2 * textShare - 1)))
    }
}
