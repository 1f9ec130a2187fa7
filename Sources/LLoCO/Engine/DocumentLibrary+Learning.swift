import Foundation
import LLoCOCompression
public import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
public import LLoCOTraining

/// How a group's adapter is trained.
public struct FinetuningOptions: Sendable {
    /// The hyperparameters; nil for the recipe that comes along for models of this shape.
    public var recipe: Recipe?
    /// Decides every random draw.
    public var seed: UInt64 = 0
    /// How steps use memory.
    public var checkpointing = GradientCheckpointing.automatic
    /// Seconds between two saved states: an interrupted run loses no more.
    public var saveEvery = 20.0

    /// The defaults: the recipe that comes along.
    public init() {}
}

/// How far the training of a group's adapter has come.
public enum FinetuningProgress: Sendable {
    /// Passages that the model has asked itself about, of how many.
    case studying(done: Int, total: Int)
    /// What the study came to.
    case studied(StudySummary)
    /// A step of the training, of how many, and tokens a second.
    case step(Finetuner.Step, total: Int, tokensPerSecond: Double)
}

extension DocumentLibrary {
    /// Trains a group's adapter on a file of questions, so that the model reads its documents' vectors well.
    ///
    /// - Parameter questions: JSON Lines, gzipped or not, a line a document; nil for questions that the model asks itself
    @discardableResult
    public func finetune(
        _ group: String, questions: String? = nil, options: FinetuningOptions = FinetuningOptions(),
        progress: @escaping @Sendable (FinetuningProgress) throws -> Void = { _ in }
    ) async throws -> FinetunedAdapter {
        let set = try questions.map { try QuestionSet(contentsOf: URL(filePath: $0), text: .optional) }
        return try await finetune(group, on: set, options: options, progress: progress)
    }

    /// Trains a group's adapter on questions, or on what the model asks itself about the group's documents.
    ///
    /// The state is saved as training goes, so that the same call continues an interrupted run. The group's earlier adapter
    /// counts until the new one is finished.
    ///
    /// - Throws: `EngineError`, `LibraryError`, `TrainingError` where training becomes unstable, `CancellationError` after the
    ///   step in hand.
    @discardableResult
    public func finetune(
        _ group: String, on questions: QuestionSet?, options: FinetuningOptions = FinetuningOptions(),
        progress: @escaping @Sendable (FinetuningProgress) throws -> Void = { _ in }
    ) async throws -> FinetunedAdapter {
        let (model, store) = (engine.model, store)
        let recipe = try options.recipe ?? Installation.recipe(for: model.languageModel.configuration)
        return try await writing.run {
            func onStep(_ step: Finetuner.Step, _ total: Int, _ speed: Double) throws {
                try progress(.step(step, total: total, tokensPerSecond: speed))
            }
            if let questions {
                return try await model.finetune(
                    group: group, questions: questions, recipe: recipe.finetuning, seed: options.seed, in: store,
                    checkpointing: options.checkpointing, saveEvery: options.saveEvery, onStep: onStep)
            }
            let summary = try await model.study(
                group: group, recipe: recipe.study, seed: options.seed, in: store
            ) { try progress(.studying(done: $0, total: $1)) }
            try progress(.studied(summary))
            return try await model.finetune(
                group: group, study: model.studyIdentity(recipe.study, seed: options.seed),
                recipe: recipe.finetuning, seed: options.seed, in: store, checkpointing: options.checkpointing,
                saveEvery: options.saveEvery, onStep: onStep)
        }
    }
}
