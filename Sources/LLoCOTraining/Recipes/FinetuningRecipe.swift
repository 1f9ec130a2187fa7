import Foundation
import LLoCOBase
import LLoCOCompression

/// Hyperparameters of a group's adapter; the defaults are the paper's for Llama-2-7B (Tan et al. 2024).
public struct FinetuningRecipe: Sendable, Codable, Equatable {
    /// The adapter's rank r, 1...4096: 8 by default
    public var rank = 8
    /// The adapter adds (alpha / r) · B · A · x; more than 0, 16 by default.
    public var alpha = 16.0
    /// The probability with which a step drops an element of A's input, 0...0.99: 0.05 by default
    public var dropout = 0.05
    /// The optimizer's rate at its peak, more than 0: 2e-5 by default
    public var learningRate = 2e-5
    /// The share of the steps in which the learning rate rises, 0...1: 0.04 by default
    public var warmupShare = 0.04
    /// How the learning rate falls after that: half a cosine by default
    public var decay = LearningRateSchedule.Decay.cosine
    /// How often every question is learned from, 1...10,000: 3 times by default
    public var epochs = 3
    /// Questions a step, 1...65,536: 8 by default
    public var batchSize = 8
    /// Documents that a step's questions are about, 1...65,536, 2 by default: those of one document share its vectors
    public var documentsPerBatch = 2
    /// The share of the questions that are read with a mixture of vectors and pieces of text, as in mode `hybrid`, 0...1: 0
    /// by default, vectors alone
    public var hybridShare = 0.0
    /// Tokens of the document for each position of such a mixture, drawn between these for each question, 1...1,000,000: 15
    /// to 60 by default. Of half of the mixtures the question decides how much is text, of the others it is drawn, from nothing
    /// to all.
    public var minimumRatio = 15.0
    /// The most tokens of the document for a position, see ``minimumRatio``
    public var maximumRatio = 60.0
    /// Whether such mixtures are text alone, with vectors only where no piece fits; false by default
    public var prefersText = false
    /// Whether a group's adapter begins with the general one, where there is one of its rank and alpha: by default
    public var startsFromGeneral = true
    /// Whether the documents' vectors are tuned too, each document's its own, beginning with the compressor's: not by
    /// default. They are read with the adapter that they were tuned with and with no other.
    public var tunesVectors = false
    /// The rate of these at its peak, more than 0: 2e-3 by default
    public var vectorLearningRate = 2e-3
    /// The norm that a step's gradients, all together, are scaled down to where it is larger; more than 0, 1 by default
    public var clipNorm = 1.0

    /// The published values.
    public init() {}
}

extension ContextBudget {
    /// What a question about a document of n tokens is to be read with in training; nil for the document's vectors alone.
    /// The same number of draws in any case.
    ///
    /// - Parameters:
    ///   - share: of the questions that are read with a mixture of vectors and text
    ///   - ratios: tokens of the document for each position of a mixture, drawn evenly by their logarithm
    ///   - prefersText: whether vectors have only the positions that no piece of text fits
    static func drawn(
        ofTokens tokens: Int, share: Double, ratios: (minimum: Double, maximum: Double), prefersText: Bool = false,
        using draws: inout SplitMix64
    ) -> ContextBudget? {
        let (kind, size, textShare) = (
            Double.random(in: 0..<1, using: &draws), Double.random(in: 0..<1, using: &draws),
            Double.random(in: 0..<1, using: &draws)
        )
        guard kind < share else { return nil }
        let ratio = ratios.minimum * pow(ratios.maximum / ratios.minimum, size)
        // Of half of them the question decides the share; of the others a fifth are text alone.
        return ContextBudget(
            positions: max(1, Int((Double(tokens) / ratio).rounded())),
            textShare: prefersText ? 1 : textShare < 0.5 ? nil : min(1, 1.25 * (2 * textShare - 1)))
    }
}
