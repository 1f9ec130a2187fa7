import Foundation
import LLoCOCompression
public import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
public import LLoCOTraining

/// The options of fine-tuning a group's adapter.
public struct FinetuningOptions: Sendable {
    /// The hyperparameters; nil for the installed recipe for models of this shape.
    public var recipe: Recipe?
    /// The seed of all random numbers; 0 by default.
    public var seed: UInt64 = 0
    /// Whether steps use gradient checkpointing; decided by the available memory by default.
    public var checkpointing = GradientCheckpointing.automatic
    /// The seconds between two saved states, 20 by default: the maximum that an interrupted run loses.
    public var saveEvery = 20.0

    /// Creates the default options.
    public init() {}
}

/// The progress of fine-tuning a group's adapter.
public enum FinetuningProgress: Sendable {
    /// Self-study: the number of studied passages and the total.
    case studying(done: Int, total: Int)
    /// The summary of the finished self-study.
    case studied(StudySummary)
    /// A training step, the total number of steps, and the speed in tokens per second.
    case step(Finetuner.Step, total: Int, tokensPerSecond: Double)
}

extension DocumentLibrary {
    /// Fine-tunes a group's adapter on a file of questions, or by self-study; see ``finetune(_:on:options:progress:)``.
    ///
    /// - Parameter questions: a file of JSON Lines, gzipped or not, one document per line; nil for self-study
    @discardableResult
    public func finetune(
        _ group: String, questions: String? = nil, options: FinetuningOptions = FinetuningOptions(),
        progress: @escaping @Sendable (FinetuningProgress) throws -> Void = { _ in }
    ) async throws -> FinetunedAdapter {
        let set = try questions.map { try QuestionSet(contentsOf: URL(filePath: $0), text: .optional) }
        return try await finetune(group, on: set, options: options, progress: progress)
    }

    /// Fine-tunes a group's adapter on questions, or by self-study: on questions that the model writes about the
    /// documents.
    ///
    /// The state is saved regularly, and the same call resumes an interrupted run. The group's previous adapter is used
    /// until the new one is finished.
    ///
    /// - Parameter questions: the training questions; nil for self-study
    /// - Throws: `EngineError`, `LibraryError`, `TrainingError` if training becomes unstable, `CancellationError` after
    ///   the current step.
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
