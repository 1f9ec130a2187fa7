import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCOModels
public import LLoCOTokenizers
public import LLoCOTorch

/// Trains a LoRA, and summary embeddings if the scheme has them, so that a base model compresses text.
///
/// Segments are compressed, and the loss is that of sequences predicted from their vectors alone. The published
/// continuation has a separate kind of row, ``ContinuationRow``.
public final class CompressorTrainer {
    /// The frozen base model
    public let decoder: Llama
    /// The hyperparameters of the run
    public let recipe: CompressorRecipe
    /// The trained LoRA, float32; each step updates it in place
    public let adapter: Adapter
    /// The trained summary embeddings, [S, D], float32; [1, D] if the method picks tokens, [0, D] without summary
    /// positions
    public let embedSummary: Tensor
    let training: TrainingState
    let seed: UInt64
    let checkpointing: GradientCheckpointing
    /// The reader adapter: it is active where answers are predicted, in addition to the compressor's LoRA if that is
    /// active there; nil for none. With a `readerRank` in the recipe it is float32 and trained; it is frozen otherwise.
    public let reader: Adapter?
    /// The compressor's scheme in use.
    let scheme: CompressionScheme

    /// A training objective: what is predicted from a text's vectors.
    public enum Objective: String, Sendable, CaseIterable {
        /// The text that follows
        case continuation
        /// The text that follows, with the base model's prediction after the uncompressed text as target
        case distillation
        /// The text itself
        case reconstruction
        /// Answers to questions about the text, with the reader adapter
        case answering
    }

    /// The result of a step.
    public struct Step: Sendable {
        /// The step's number, from 1
        public let step: Int
        /// The mean over the step's rows of each row's mean -log p of its predicted tokens, nats
        public let loss: Double
        /// The same for each objective among the step's rows
        public let losses: [Objective: Double]
        /// The joint norm of the gradients before clipping
        public let gradientNorm: Double
        /// Number of tokens processed
        public let tokens: Int
    }

    /// Creates a trainer, initialized from a compressor's weights or from scratch. From scratch, the LoRA's B is zero,
    /// and the summary embeddings are copies of the end-of-text token's embedding, or zero if the method picks tokens.
    ///
    /// - Parameters:
    ///   - start: the compressor to initialize from; nil to start from scratch
    ///   - reader: the reader adapter; initial weights if the recipe trains it
    /// - Throws: `TrainingError` if `start` or `reader` does not fit the recipe, or if the recipe's rows exceed the
    ///   model's window.
    public init(
        decoder: Llama, recipe: CompressorRecipe, seed: UInt64, checkpointing: GradientCheckpointing = .automatic,
        start: CompressorCheckpoint? = nil, reader: Adapter? = nil
    ) throws {
        self.decoder = decoder
        self.recipe = recipe
        self.seed = seed
        self.checkpointing = checkpointing
        scheme = try recipe.scheme(startingFrom: start?.description.scheme)
        try recipe.check(fits: decoder.configuration.maximumPositions)
        try Runtime.seed(seed)
        adapter = try Adapter(
            for: decoder, rank: recipe.rank, alpha: recipe.alpha, dropout: recipe.dropout,
            modules: Adapter.attentionModules + (recipe.adaptsFeedForward ? [.gate, .up, .down] : []))
        embedSummary = try scheme.segmentCompressor.initialEmbeddings(decoder, summaryTokens: scheme.summaryTokens)
        if let start { try Self.copy(start, scheme, to: (adapter, embedSummary)) }
        if recipe.readerRank > 0 {
            let fresh = try Adapter(
                for: decoder, rank: recipe.readerRank, alpha: recipe.readerAlpha, dropout: recipe.readerDropout)
            if let reader, try !fresh.takeValues(of: reader) {
                throw TrainingError(
                    .invalid,
                    "the reader adapter does not fit the recipe, expected rank \(recipe.readerRank) and alpha "
                        + "\(recipe.readerAlpha.formatted()) (readerRank, readerAlpha) on the attention of every layer")
            }
            self.reader = fresh
        } else {
            self.reader = try reader?.frozen(as: decoder.dtype, device: decoder.device)
        }
        training = try TrainingState(
            [.init(adapter.parameters, learningRate: recipe.learningRate)]
                + (recipe.readerRank > 0
                    ? [.init(self.reader?.parameters ?? [], learningRate: recipe.readerLearningRate)] : [])
                + (scheme.learnedRows > 0 ? [.init([embedSummary], learningRate: recipe.summaryLearningRate)] : []),
            schedule: LearningRateSchedule(
                steps: recipe.steps, warmupSteps: recipe.warmupSteps, decay: recipe.decay),
            clipNorm: recipe.clipNorm, failureNote: "the last checkpoint remains valid")
    }

    private static func copy(
        _ start: CompressorCheckpoint, _ scheme: CompressionScheme,
        to trained: (adapter: Adapter, embedSummary: Tensor)
    ) throws {
        let found = start.description.scheme
        // A compressor with only a head selection does not say where an adapter is active.
        let onlySelects =
            !found.hasAdapter && scheme.segmentCompressor.selection != nil
            && (found.segmentTokens, found.summaryTokens) == (scheme.segmentTokens, scheme.summaryTokens)
            && found.carry == scheme.carry
        guard found == scheme || onlySelects else {
            throw TrainingError(
                .invalid, "the initial compressor's scheme is \(found), expected the recipe's, \(scheme)")
        }
        // It has no weights either.
        guard let adapter = start.adapter else { return }
        guard try trained.adapter.takeValues(of: adapter) else {
            let (found, expected) = (adapter.configuration, trained.adapter.configuration)
            throw TrainingError(
                .invalid,
                "the initial compressor's adapter has rank \(found.rank) and alpha \(found.alpha.formatted()) on "
                    + "\(adapter.parameters.count / 2) layers, expected the recipe's rank \(expected.rank) and alpha "
                    + "\(expected.alpha.formatted()) on \(trained.adapter.parameters.count / 2) layers")
        }
        try trained.embedSummary.detached().copy(from: start.embedSummary.detached())
    }

    /// Number of steps made so far, including those before an interruption
    public var stepCount: Int { training.stepCount }

    /// Makes one step over `recipe.batchRows` sampled rows. The rows depend only on the seed and the step's number, so
    /// a resumed run gets the rows of an uninterrupted one.
    ///
    /// - Parameter questions: the source of rows for the objective `answering`
    /// - Throws: `TrainingError` if all sampled texts are too short, or if the loss or a gradient is not finite: no
    ///   parameter is changed then.
    public func step(
        _ text: TrainingText, questions: TrainingQuestions? = nil, _ tokenizer: any Tokenizer
    ) throws -> Step {
        let step = stepCount
        var generator = SplitMix64(seed: seed &+ UInt64(step) &* 0x9E37_79B9)
        try Runtime.seed(generator.next())
        var passes: [any TrainingPass] = []
        var remaining = recipe.batchRows
        while remaining > 0 {
            let count = min(remaining, recipe.rowsPerPass)
            passes += try draw(count, from: text, questions, tokenizer, &generator)
            remaining -= count
        }
        guard !passes.isEmpty else {
            throw TrainingError(
                .invalid,
                "the texts are too short, expected rows of \(recipe.rowTokens) tokens: add longer texts, or lower the "
                    + "recipe's rowTokens")
        }
        let count = passes.reduce(0) { $0 + $1.rowCount }
        var sums: [Objective: (loss: Double, rows: Int)] = [:]
        for pass in passes {
            // All rows have equal weight, independent of their number of predicted tokens.
            let scale = 1 / Double(count * pass.predictedByRow)
            let sum = try pass.backward(self, scale: scale)
            sums[pass.objective, default: (0, 0)].loss += scale * sum
            sums[pass.objective, default: (0, 0)].rows += pass.rowCount
        }
        // A fixed order of summation makes steps reproducible.
        let loss = Objective.allCases.reduce(0) { $0 + (sums[$1]?.loss ?? 0) }
        let norm = try training.clipGradients(loss: loss, step: step)
        try training.step()
        return Step(
            step: stepCount, loss: loss, losses: sums.mapValues { $0.loss * Double(count) / Double($0.rows) },
            gradientNorm: norm, tokens: passes.reduce(0) { $0 + $1.tokens })
    }
}
