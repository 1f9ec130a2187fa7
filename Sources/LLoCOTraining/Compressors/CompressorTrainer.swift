import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCOModels
public import LLoCOTokenizers
public import LLoCOTorch

/// Trains a LoRA adapter, and summary embeddings where the scheme has them, so that a base model compresses.
///
/// Segments become vectors, and what is read after these alone is predicted: vectors are good when they help. The
/// published continuation has rows of its own, ``ContinuationRow``.
public final class CompressorTrainer {
    /// The base model, whose weights stay as they are
    public let decoder: Llama
    /// The hyperparameters of the run
    public let recipe: CompressorRecipe
    /// What is trained, float32; each step changes it in place
    public let adapter: Adapter
    /// [S, D], float32; [1, D] where tokens are picked, [0, D] where nothing is added
    public let embedSummary: Tensor
    let training: TrainingState
    let seed: UInt64
    let checkpointing: GradientCheckpointing
    /// What answers are read with, besides the compressor's own where that is on; nil for the model as it is. Float32 and
    /// changed by each step where the recipe has a `readerRank`; it stays as it is otherwise.
    public let reader: Adapter?
    /// How the compressor is used.
    let scheme: CompressionScheme

    /// What vectors are to help with.
    public enum Objective: String, Sendable, CaseIterable {
        /// predicting what follows a text
        case continuation
        /// predicting what follows as the model as it is does after the text itself
        case distillation
        /// predicting the text itself
        case reconstruction
        /// answering questions about it, read with the adapter that will read them
        case answering
    }

    /// A step's outcome.
    public struct Step: Sendable {
        /// counted from 1
        public let step: Int
        /// mean over the step's rows of a row's mean -log p of its predicted tokens, nats
        public let loss: Double
        /// the same of each objective that the step's rows had
        public let losses: [Objective: Double]
        /// the joint norm of the gradients before clipping
        public let gradientNorm: Double
        /// tokens read
        public let tokens: Int
    }

    /// Starts anew, where the adapter changes nothing yet, the summary embeddings are copies of the end-of-text row, or what
    /// is added to picked tokens' is zero; or with a compressor's weights.
    ///
    /// - Parameters:
    ///   - start: the compressor to begin with
    ///   - reader: the adapter that answers are read with: what it begins with where it is learned
    /// - Throws: `TrainingError` where it is not one of the recipe's, or where the recipe reads more than the model's window.
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
        embedSummary = try scheme.segmentCompressor.freshEmbeddings(decoder, summaryTokens: scheme.summaryTokens)
        if let start { try Self.copy(start, scheme, to: (adapter, embedSummary)) }
        if recipe.readerRank > 0 {
            let fresh = try Adapter(
                for: decoder, rank: recipe.readerRank, alpha: recipe.readerAlpha, dropout: recipe.readerDropout)
            if let reader, try !fresh.takeValues(of: reader) {
                throw TrainingError(
                    .invalid,
                    "the adapter that answers are read with is not of rank \(recipe.readerRank) and alpha "
                        + "\(recipe.readerAlpha.formatted()) on the attention of every layer, as the recipe's "
                        + "readerRank and readerAlpha ask")
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
            clipNorm: recipe.clipNorm, kept: "the last checkpoint stays")
    }

    private static func copy(
        _ start: CompressorCheckpoint, _ scheme: CompressionScheme, to own: (adapter: Adapter, embedSummary: Tensor)
    ) throws {
        let given = start.description.scheme
        // One that only selects does not say where an adapter is on.
        let selects =
            !given.hasAdapter && scheme.segmentCompressor.selection != nil
            && (given.segmentTokens, given.summaryTokens) == (scheme.segmentTokens, scheme.summaryTokens)
            && given.carry == scheme.carry
        guard given == scheme || selects else {
            throw TrainingError(.invalid, "the compressor to begin with is \(given), the recipe's is \(scheme)")
        }
        // One that only selects has nothing else to begin with.
        guard let adapter = start.adapter else { return }
        guard try own.adapter.takeValues(of: adapter) else {
            let (given, wanted) = (adapter.configuration, own.adapter.configuration)
            throw TrainingError(
                .invalid,
                "the compressor to begin with has an adapter of rank \(given.rank) and alpha \(given.alpha.formatted()) on "
                    + "\(adapter.parameters.count / 2) layers, the recipe's has \(wanted.rank) and "
                    + "\(wanted.alpha.formatted()) on \(own.adapter.parameters.count / 2)")
        }
        try own.embedSummary.detached().copy(from: start.embedSummary.detached())
    }

    /// Steps made so far, those before an interruption included
    public var stepCount: Int { training.stepCount }

    /// One step over `recipe.batchRows` rows drawn for it. The draw depends on the seed and the step alone, so that a
    /// continued run sees what an uninterrupted one would have seen.
    ///
    /// - Parameter questions: those that the objective `answering` draws from
    public func step(
        _ text: TrainingText, questions: TrainingQuestions? = nil, _ tokenizer: any Tokenizer
    ) throws -> Step {
        let step = stepCount
        var generator = SplitMix64(seed: seed &+ UInt64(step) &* 0x9E37_79B9)
        try Runtime.seed(generator.next())
        var passes: [any TrainingPass] = []
        var left = recipe.batchRows
        while left > 0 {
            let count = min(left, recipe.rowsPerPass)
            passes += try draw(count, from: text, questions, tokenizer, &generator)
            left -= count
        }
        guard !passes.isEmpty else {
            throw TrainingError(.invalid, "the texts are too short for rows of \(recipe.rowTokens) tokens")
        }
        let count = passes.reduce(0) { $0 + $1.rowCount }
        var sums: [Objective: (loss: Double, rows: Int)] = [:]
        for pass in passes {
            // Rows count alike, whether an answer or a page is predicted.
            let scale = 1 / Double(count * pass.predictedByRow)
            let sum = try pass.backward(self, scale: scale)
            sums[pass.objective, default: (0, 0)].loss += scale * sum
            sums[pass.objective, default: (0, 0)].rows += pass.rowCount
        }
        // In a fixed order: the same step gives the same digits.
        let loss = Objective.allCases.reduce(0) { $0 + (sums[$1]?.loss ?? 0) }
        let norm = try training.clipGradients(loss: loss, step: step)
        try training.step()
        return Step(
            step: stepCount, loss: loss, losses: sums.mapValues { $0.loss * Double(count) / Double($0.rows) },
            gradientNorm: norm, tokens: passes.reduce(0) { $0 + $1.tokens })
    }
}
