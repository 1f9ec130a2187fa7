public import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
public import LLoCODocuments
public import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// A run that learns which positions each head of a model keeps. Its folder gets a compressor without an adapter.
///
/// An interrupted run resumes from its last checkpoint, as in ``CompressorTrainingRun``.
public struct SelectionTrainingRun: Sendable {
    /// The model. Its weights are frozen.
    public var model: LanguageModel
    /// The hyperparameters. A resumed run may change `checkpointSteps`.
    public var recipe: SelectionRecipe
    /// Questions with their documents' texts; those about held-out texts are not used.
    public var questions: [QuestionSet]
    /// The output folder; created if missing. Only one run at a time may write it.
    public var folder: URL
    /// The seed for sampling documents and questions: 0 by default.
    public var seed: UInt64 = 0
    /// The maximum time of a run, in seconds: it ends with a checkpoint after the step that reaches it. nil, the
    /// default, for no limit.
    public var maximumSeconds: Double?

    /// Creates a run with the defaults.
    public init(model: LanguageModel, recipe: SelectionRecipe, questions: [QuestionSet], folder: URL) {
        self.model = model
        self.recipe = recipe
        self.questions = questions
        self.folder = folder
    }

    /// Trains until the recipe's steps are made or ``maximumSeconds`` have passed.
    ///
    /// - Parameter onEvent: called with each event; an error that it throws ends the run
    /// - Returns: the numbers of steps and tokens, including those of interrupted runs
    /// - Throws: `TrainingError` if no question remains, if the folder has another run, or if training becomes
    ///   unstable; `LockError` if another process writes the folder; `CancellationError`, after a checkpoint.
    public func run(
        onEvent: (CompressorTrainingRun.Event) throws -> Void = { _ in }
    ) async throws -> CompressorTrainingRun.Outcome {
        let questions = try TrainingQuestions(
            questions, maximumTokens: recipe.segmentTokens * recipe.questionedSegments, for: model, onEvent)
        let trainer = try SelectionTrainer(
            decoder: model.decoder, recipe: recipe,
            sample: questions.documents.map(\.ids).max { $0.count < $1.count } ?? [], seed: seed)
        // A head keeps at most all positions of a document.
        try questions.check(
            fit: model.decoder.configuration.maximumPositions, after: questions.documents.map(\.ids.count).max() ?? 0)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try CompressorTrainer.lock(folder)
        defer { withExtendedLifetime(lock) {} }
        let baseModel = try FileIdentity.digest(of: model.identityFiles)
        let state = SavedRun(in: folder, fields: try fields(baseModel, questions))
        let tokens = try state.resume(trainer.training) ?? 0
        try onEvent(
            .begun(
                texts: questions.documents.count, bytes: questions.documents.reduce(0) { $0 + $1.text.utf8.count },
                step: trainer.stepCount))
        return try await CompressorTrainingLoop(
            folder: folder, steps: recipe.steps, checkpointSteps: recipe.checkpointSteps, maximumSeconds: maximumSeconds
        ).run(
            from: trainer.stepCount, tokens: tokens, step: { try trainer.step(questions) },
            save: { tokens in
                try trainer.training.checkFinite()
                try trainer.checkpoint(baseModel: baseModel, trainedTokens: tokens).write(to: folder)
                try state.write(trainer.training, tokens: tokens)
            }, onEvent: onEvent)
    }

    /// The fields that must agree for a run to resume.
    private func fields(_ baseModel: String, _ questions: TrainingQuestions) throws -> [SavedRun.Field] {
        var fixed = recipe
        fixed.checkpointSteps = 1
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let recipe = String(decoding: try encoder.encode(fixed), as: UTF8.self)
        return [
            .init(key: "base_model", value: baseModel, name: "base model", setting: .model),
            .init(key: "questions", value: questions.digest, name: "set of questions", setting: .questions),
            .init(key: "selection_recipe", value: recipe, name: "recipe", setting: .recipe),
            .init(key: "seed", value: "\(seed)", name: "seed", setting: .seed),
        ]
    }
}
