public import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
public import LLoCODocuments
public import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// A run that trains a compressor in a folder.
///
/// The folder gets the compressor (``CompressorCheckpoint``), the training state and a log (``CompressorTrainingLog``).
/// After cancellation, an error or a kill, another run in the folder resumes from the last checkpoint and ends with the
/// weights of an uninterrupted run.
///
///     var training = CompressorTrainingRun(model: model, recipe: recipe, corpus: corpus, folder: folder)
///     training.seed = 1
///     let outcome = try await training.run { event in
///         if case .step(let step, _) = event { logger.info("step \(step.step): loss \(step.loss)") }
///     }
public struct CompressorTrainingRun: Sendable {
    /// The base model. Its weights are frozen.
    public var model: LanguageModel
    /// The hyperparameters. A resumed run may change `steps`, `checkpointSteps` and the learning rates.
    public var recipe: CompressorRecipe
    /// The texts; held-out ones are not used.
    public var corpus: TrainingCorpus
    /// The output folder; created if missing. Only one run at a time may write it.
    public var folder: URL
    /// Questions with their documents' texts, for the objective `answering`; must be empty if that has share 0.
    public var questions: [QuestionSet] = []
    /// The folder of the compressor to initialize from, which must fit the model and the recipe; nil, the default, to
    /// start from scratch.
    public var start: URL?
    /// The folder, in PEFT's layout, of the reader adapter for the objective `answering`; nil, the default, for none.
    public var reader: URL?
    /// The seed of row sampling and dropout: 0 by default.
    public var seed: UInt64 = 0
    /// Gradient checkpointing: automatic by default. A resumed run may change it.
    public var checkpointing = GradientCheckpointing.automatic
    /// The maximum time of a run, in seconds: it ends with a checkpoint after the step that reaches it. nil, the
    /// default, for no limit.
    public var maximumSeconds: Double?

    /// Creates a run with the defaults.
    public init(model: LanguageModel, recipe: CompressorRecipe, corpus: TrainingCorpus, folder: URL) {
        self.model = model
        self.recipe = recipe
        self.corpus = corpus
        self.folder = folder
    }

    /// An event of a run, in order of occurrence.
    public enum Event: Sendable {
        /// Texts with fewer than `minimumBytes` bytes, too short for a row, were omitted.
        case textsOmitted(Int, of: Int, minimumBytes: Int)
        /// Questions about held-out texts were omitted.
        case questionsHeldOut(Int)
        /// Questions about documents with more than `maximumTokens` tokens were omitted.
        case questionsOmitted(Int, of: Int, maximumTokens: Int)
        /// The first step is next; an interrupted run has made `step` steps.
        case begun(texts: Int, bytes: Int, step: Int)
        /// A step was made and logged.
        case step(CompressorTrainer.Step, tokensPerSecond: Double)
        /// The compressor and the training state were written.
        case saved(step: Int)
    }

    /// The totals of a run.
    public struct Outcome: Sendable {
        /// Number of steps, including those of interrupted runs.
        public let steps: Int
        /// Number of tokens processed, including those that the initial compressor was trained on.
        public let tokens: Int
    }

    /// Trains until the recipe's steps are made or ``maximumSeconds`` have passed.
    ///
    /// On cancellation it writes a checkpoint after the current step and throws `CancellationError`. An error loses the
    /// steps after the last checkpoint; the folder stays valid.
    ///
    /// - Parameter onEvent: called with each event; an error that it throws ends the run
    /// - Throws: `TrainingError` if the recipe does not fit the inputs, if the folder has another run, or if training
    ///   becomes unstable; `LockError` if another process writes the folder; `CancellationError`.
    public func run(onEvent: (Event) throws -> Void = { _ in }) async throws -> Outcome {
        let tokenizer = try model.tokenizer
        let text = try trainingText(onEvent)
        let reader = try loadedReader()
        let questions = try trainingQuestions(onEvent)
        let identity = try FileIdentity.digest(of: model.identityFiles)
        let start = try start.map {
            (
                checkpoint: try CompressorCheckpoint(folder: $0, for: model.decoder, identity: identity),
                identity: try CompressorCheckpoint.identity(in: $0)
            )
        }
        let source = CompressorTrainer.Source(
            baseModel: identity,
            texts: questions.map { Digest.sha256(Data((text.digest + $0.digest).utf8)) } ?? text.digest,
            start: start?.identity ?? "", reader: reader?.digest ?? "")
        let trainer = try CompressorTrainer(
            decoder: model.decoder, recipe: recipe, seed: seed, checkpointing: checkpointing, start: start?.checkpoint,
            reader: reader?.adapter)
        let vectors = recipe.questionedVectors * (recipe.foreignShare > 0 ? 2 : 1)
        try questions?.check(
            fit: model.decoder.configuration.maximumPositions,
            after: trainer.scheme.reading().positions(of: vectors))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try CompressorTrainer.lock(folder)
        defer { withExtendedLifetime(lock) {} }
        let tokens =
            try trainer.resume(from: folder, source: source) ?? start?.checkpoint.description.trainedTokens ?? 0
        try onEvent(.begun(texts: text.count, bytes: text.byteCount, step: trainer.stepCount))
        return try await CompressorTrainingLoop(
            folder: folder, steps: recipe.steps, checkpointSteps: recipe.checkpointSteps, maximumSeconds: maximumSeconds
        ).run(
            from: trainer.stepCount, tokens: tokens,
            step: { try trainer.step(text, questions: questions, tokenizer) },
            save: { try trainer.save(to: folder, source: source, trainedTokens: $0) }, onEvent: onEvent)
    }

    private func trainingText(_ onEvent: (Event) throws -> Void) throws -> TrainingText {
        // Shorter texts, with less than three bytes per token, seldom have a whole row.
        let minimum = recipe.rowTokens * 3
        let text = try TrainingText(corpus.trained, minimumBytes: minimum)
        let omitted = corpus.trained.count - text.count
        if omitted > 0 { try onEvent(.textsOmitted(omitted, of: corpus.trained.count, minimumBytes: minimum)) }
        return text
    }

    private func loadedReader() throws -> (adapter: Adapter, digest: String)? {
        guard let reader else { return nil }
        guard recipe.answering > 0 else {
            throw TrainingError(
                .invalid,
                "a reader adapter, but the recipe's objective 'answering' has share 0, expected more than 0")
        }
        let checkpoint = try AdapterCheckpoint.read(reader, as: .float32)
        return (try Adapter(checkpoint, for: model.decoder), try checkpoint.digest())
    }

    /// The questions for the objective `answering`; nil if it has share 0.
    private func trainingQuestions(_ onEvent: (Event) throws -> Void) throws -> TrainingQuestions? {
        guard recipe.answering > 0 else {
            guard questions.isEmpty else {
                throw TrainingError(
                    .invalid, "questions, but the recipe's objective 'answering' has share 0, expected more than 0")
            }
            return nil
        }
        guard !questions.isEmpty else {
            throw TrainingError(
                .invalid, "no questions, but the recipe's objective 'answering' needs questions with their documents")
        }
        return try TrainingQuestions(questions, maximumTokens: recipe.questionedTokens, for: model, onEvent)
    }
}

extension TrainingQuestions {
    /// Creates training questions with a model's chat template, and reports omitted ones.
    init(
        _ sets: [QuestionSet], maximumTokens: Int, for model: LanguageModel,
        _ onEvent: (CompressorTrainingRun.Event) throws -> Void
    ) throws {
        try self.init(
            sets, maximumTokens: maximumTokens, tokenizer: model.tokenizer,
            prompts: PromptBuilder(recognizing: model.tokenizer))
        if heldOut > 0 { try onEvent(.questionsHeldOut(heldOut)) }
        if omitted > 0 {
            try onEvent(.questionsOmitted(omitted, of: omitted + count, maximumTokens: maximumTokens))
        }
    }
}
