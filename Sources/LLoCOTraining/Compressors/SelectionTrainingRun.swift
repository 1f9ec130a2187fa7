public import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
public import LLoCODocuments
public import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// A run that learns which positions the heads of a model keep, into a folder: a compressor without an adapter.
///
/// An interrupted run goes on from its last checkpoint when it is run again, as that of a ``CompressorTrainingRun`` does.
public struct SelectionTrainingRun: Sendable {
    /// The model. Its weights stay as they are.
    public var model: LanguageModel
    /// The hyperparameters. An interrupted run goes on with other `checkpointSteps`, too.
    public var recipe: SelectionRecipe
    /// Questions with their documents' texts; those about texts that are held out are not read.
    public var questions: [QuestionSet]
    /// Where the compressor goes; made where it is not there. One run at a time writes it.
    public var folder: URL
    /// What documents and questions are drawn from: 0 by default.
    public var seed: UInt64 = 0
    /// The maximum time of a run, in seconds: it ends with a checkpoint after the step that reaches it. nil, the default, for
    /// all steps.
    public var maximumSeconds: Double?

    /// A run that begins anew, with the defaults.
    public init(model: LanguageModel, recipe: SelectionRecipe, questions: [QuestionSet], folder: URL) {
        self.model = model
        self.recipe = recipe
        self.questions = questions
        self.folder = folder
    }

    /// Trains until the recipe's steps are made or ``maximumSeconds`` are over.
    ///
    /// - Parameter onEvent: told what happens; an error that it throws ends the run
    /// - Returns: steps made and tokens read, those of interrupted runs included
    /// - Throws: `TrainingError` where no question is left, where the folder has another run, or where training becomes
    ///   unstable; `LockError` where another process writes the folder; `CancellationError`, after a checkpoint.
    public func run(
        onEvent: (CompressorTrainingRun.Event) throws -> Void = { _ in }
    ) async throws -> CompressorTrainingRun.Outcome {
        let asked = try TrainingQuestions(
            questions, maximumTokens: recipe.segmentTokens * recipe.questionedSegments, for: model, onEvent)
        let trainer = try SelectionTrainer(
            decoder: model.decoder, recipe: recipe,
            sample: asked.documents.map(\.ids).max { $0.count < $1.count } ?? [], seed: seed)
        // A head keeps no more than there is.
        try asked.check(
            fit: model.decoder.configuration.maximumPositions, after: asked.documents.map(\.ids.count).max() ?? 0)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try CompressorTrainer.lock(folder)
        defer { withExtendedLifetime(lock) {} }
        let baseModel = try FileIdentity.digest(of: model.identityFiles)
        let state = SavedRun(in: folder, fields: try fields(baseModel, asked))
        let tokens = try state.resume(trainer.training) ?? 0
        try onEvent(
            .begun(
                texts: asked.documents.count, bytes: asked.documents.reduce(0) { $0 + $1.text.utf8.count },
                step: trainer.stepCount))
        return try await CompressorTrainingLoop(
            folder: folder, steps: recipe.steps, checkpointSteps: recipe.checkpointSteps, maximumSeconds: maximumSeconds
        ).run(
            from: trainer.stepCount, tokens: tokens, step: { try trainer.step(asked) },
            save: { tokens in
                try trainer.training.checkFinite()
                try trainer.checkpoint(baseModel: baseModel, trainedTokens: tokens).write(to: folder)
                try state.write(trainer.training, tokens: tokens)
            }, onEvent: onEvent)
    }

    /// What has to agree for a run to go on.
    private func fields(_ baseModel: String, _ asked: TrainingQuestions) throws -> [SavedRun.Field] {
        var lasting = recipe
        lasting.checkpointSteps = 1
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let recipe = String(decoding: try encoder.encode(lasting), as: UTF8.self)
        return [
            .init(key: "base_model", value: baseModel, name: "base model", setting: .model),
            .init(key: "questions", value: asked.digest, name: "set of questions", setting: .questions),
            .init(key: "selection_recipe", value: recipe, name: "recipe", setting: .recipe),
            .init(key: "seed", value: "\(seed)", name: "seed", setting: .seed),
        ]
    }
}
