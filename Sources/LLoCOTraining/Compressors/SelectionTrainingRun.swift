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
    /// The run ends, with a checkpoint, after the step in which it has taken so many seconds; nil, the default, for all
    /// steps.
    public var maximumSeconds: Double?

    /// A run that begins anew, with the defaults.
    public init(model: LanguageModel, recipe: SelectionRecipe, questions: [QuestionSet], folder: URL) {
        self.model = model
        self.recipe = recipe
        self.questions = questions
        self.folder = folder
    }

    private static let stateName = "training-state.safetensors"

    /// Trains until the recipe's steps are made or ``maximumSeconds`` are over.
    ///
    /// - Parameter onEvent: told what happens; an error that it throws ends the run
    /// - Returns: steps made and tokens read, those of interrupted runs included
    /// - Throws: `TrainingError` where no question is left, where the folder has another run, or where training becomes
    ///   unstable; `LockError` where another process writes the folder; `CancellationError`, after a checkpoint.
    public func run(
        onEvent: (CompressorTrainingRun.Event) throws -> Void = { _ in }
    ) async throws -> CompressorTrainingRun.Outcome {
        let tokenizer = try model.tokenizer
        let most = recipe.segmentTokens * recipe.questionedSegments
        let asked = try TrainingQuestions(
            questions, maximumTokens: most, tokenizer: tokenizer, prompts: PromptBuilder(recognizing: tokenizer))
        if asked.heldOut > 0 { try onEvent(.questionsHeldOut(asked.heldOut)) }
        if asked.omitted > 0 {
            try onEvent(.questionsOmitted(asked.omitted, of: asked.omitted + asked.count, maximumTokens: most))
        }
        let trainer = try SelectionTrainer(
            decoder: model.decoder, recipe: recipe, sample: asked.documents[0].ids, seed: seed)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try CompressorTrainer.lock(folder)
        defer { withExtendedLifetime(lock) {} }
        let identity = try self.identity(asked)
        var tokens = try resume(trainer, identity) ?? 0
        try onEvent(
            .begun(
                texts: asked.documents.count, bytes: asked.documents.reduce(0) { $0 + $1.text.utf8.count },
                step: trainer.stepCount))
        let log = try CompressorTrainingLog(in: folder, keepingSteps: trainer.stepCount)
        var saved = trainer.stepCount
        func save() throws {
            try self.save(trainer, identity, tokens: tokens)
            saved = trainer.stepCount
            try onEvent(.saved(step: saved))
        }
        let beginning = ContinuousClock.now
        while trainer.stepCount < recipe.steps {
            if Task.isCancelled {
                if trainer.stepCount > saved { try save() }
                throw CancellationError()
            }
            let began = ContinuousClock.now
            let step = try trainer.step(asked)
            tokens += step.tokens
            let speed = Double(step.tokens) / began.duration(to: .now).seconds
            try log.append(.init(step, tokensPerSecond: speed))
            try onEvent(.step(step, tokensPerSecond: speed))
            if let maximumSeconds, beginning.duration(to: .now).seconds >= maximumSeconds { break }
            if trainer.stepCount - saved >= recipe.checkpointSteps { try save() }
            // Others who wait for this thread have their turn.
            await Task.yield()
        }
        try save()
        return CompressorTrainingRun.Outcome(steps: trainer.stepCount, tokens: tokens)
    }

    /// What has to agree for a run to go on.
    private func identity(_ asked: TrainingQuestions) throws -> [String: String] {
        var lasting = recipe
        lasting.checkpointSteps = 1
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [
            "base_model": try FileIdentity.digest(of: model.identityFiles), "questions": asked.digest,
            "selection_recipe": String(decoding: try encoder.encode(lasting), as: UTF8.self), "seed": "\(seed)",
        ]
    }

    private func save(_ trainer: SelectionTrainer, _ identity: [String: String], tokens: Int) throws {
        try trainer.training.checkFinite()
        let decoder = model.decoder
        let scheme = try trainer.scheme.selecting(trainer.selection())
        try CompressorCheckpoint(
            description: .init(scheme: scheme, baseModel: identity["base_model", default: ""], trainedTokens: tokens),
            embedSummary: scheme.segmentCompressor.freshEmbeddings(decoder, summaryTokens: scheme.summaryTokens),
            adapter: nil
        ).write(to: folder)
        try SafetensorsWriter.write(
            trainer.training.tensors(),
            metadata: trainer.training.metadata(identity.merging(["tokens": "\(tokens)"]) { $1 }),
            to: folder.appending(path: Self.stateName))
    }

    /// Takes up a run that was saved in the folder; returns the tokens it had read, or nil where there is none.
    private func resume(_ trainer: SelectionTrainer, _ identity: [String: String]) throws -> Int? {
        let file = folder.appending(path: Self.stateName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let checkpoint = try SafetensorsCheckpoint(file)
        for (field, value) in identity.sorted(by: { $0.key < $1.key }) where checkpoint.metadata[field] != value {
            throw TrainingError(
                .invalid,
                "\(file.path): the saved run is of another \(field.replacing("_", with: " ")): choose another folder")
        }
        guard let tokens = checkpoint.metadata["tokens"].flatMap({ Int($0) }), 0...1 << 53 ~= tokens else {
            throw TrainingError(.damaged, "\(file.path): does not say how many tokens were read")
        }
        try trainer.training.restore(checkpoint, metadata: checkpoint.metadata, named: file.path)
        return tokens
    }
}
