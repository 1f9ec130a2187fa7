public import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
public import LLoCODocuments
public import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// A run that trains a compressor into a folder.
///
/// The folder gets the compressor (``CompressorCheckpoint``), the state that a run goes on from, and a log
/// (``CompressorTrainingLog``). A run that was interrupted, by cancellation, an error or a kill, goes on from its last
/// checkpoint when it is run again, and ends with the weights of one that was not.
///
///     var training = CompressorTrainingRun(model: model, recipe: recipe, corpus: corpus, folder: folder)
///     training.seed = 1
///     let outcome = try await training.run { event in
///         if case .step(let step, _) = event { logger.info("step \(step.step): loss \(step.loss)") }
///     }
public struct CompressorTrainingRun: Sendable {
    /// The base model. Its weights stay as they are.
    public var model: LanguageModel
    /// The hyperparameters. An interrupted run goes on with other `steps`, `checkpointSteps` and learning rates, too.
    public var recipe: CompressorRecipe
    /// The texts; those that are held out are not read.
    public var corpus: TrainingCorpus
    /// Where the compressor goes; made where it is not there. One run at a time writes it.
    public var folder: URL
    /// Questions with their documents' texts, for the objective `answering`; none where that has no share.
    public var questions: [QuestionSet] = []
    /// The folder of the compressor to begin with, one of the model and of the recipe's kind; nil, the default, to begin
    /// anew.
    public var start: URL?
    /// The folder, in PEFT's layout, of the adapter that answers are read with in the objective `answering`; nil, the
    /// default, for the model as it is.
    public var reader: URL?
    /// What rows and dropout are drawn from: 0 by default.
    public var seed: UInt64 = 0
    /// How steps use memory: automatic by default. A run may go on with another choice.
    public var checkpointing = GradientCheckpointing.automatic
    /// The maximum time of a run, in seconds: it ends with a checkpoint after the step that reaches it. nil, the default, for
    /// all steps.
    public var maximumSeconds: Double?

    /// A run that begins anew, with the defaults.
    public init(model: LanguageModel, recipe: CompressorRecipe, corpus: TrainingCorpus, folder: URL) {
        self.model = model
        self.recipe = recipe
        self.corpus = corpus
        self.folder = folder
    }

    /// What a run tells of itself, in this order.
    public enum Event: Sendable {
        /// Texts are left out that are shorter than so many bytes, too little for a row.
        case textsOmitted(Int, of: Int, minimumBytes: Int)
        /// Questions are left out that are about texts which are held out.
        case questionsHeldOut(Int)
        /// Questions are left out whose documents have more than so many tokens.
        case questionsOmitted(Int, of: Int, maximumTokens: Int)
        /// The first step comes next; `step` have been made by an interrupted run.
        case begun(texts: Int, bytes: Int, step: Int)
        /// A step was made and logged.
        case step(CompressorTrainer.Step, tokensPerSecond: Double)
        /// The compressor and the run's state were written.
        case saved(step: Int)
    }

    /// What the compressor has come to.
    public struct Outcome: Sendable {
        /// Steps made, those of interrupted runs included.
        public let steps: Int
        /// Tokens read, those of the compressor that the run began with included.
        public let tokens: Int
    }

    /// Trains until the recipe's steps are made or ``maximumSeconds`` are over.
    ///
    /// Where the task is cancelled, a checkpoint is written after the step in hand and `CancellationError` thrown. To an
    /// error the steps after the last checkpoint are lost; what stands in the folder stays whole.
    ///
    /// - Parameter onEvent: told what happens; an error that it throws ends the run
    /// - Throws: `TrainingError` where the recipe does not fit what is given, where the folder has another run, or where
    ///   training becomes unstable; `LockError` where another process writes the folder; `CancellationError`.
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
        // Three bytes a token: a text of fewer seldom has a whole row.
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
                .invalid, "an adapter to read answers with: the recipe gives the objective 'answering' no share")
        }
        let checkpoint = try AdapterCheckpoint.read(reader, as: .float32)
        return (try Adapter(checkpoint, for: model.decoder), try checkpoint.digest())
    }

    /// What the objective `answering` draws from; nil where it has no share.
    private func trainingQuestions(_ onEvent: (Event) throws -> Void) throws -> TrainingQuestions? {
        guard recipe.answering > 0 else {
            guard questions.isEmpty else {
                throw TrainingError(.invalid, "questions: the recipe gives the objective 'answering' no share")
            }
            return nil
        }
        guard !questions.isEmpty else {
            throw TrainingError(.invalid, "the recipe's objective 'answering' needs questions about texts")
        }
        return try TrainingQuestions(questions, maximumTokens: recipe.questionedTokens, for: model, onEvent)
    }
}

extension TrainingQuestions {
    /// Questions as a model is asked them; tells how many are left out.
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
