import Foundation
import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCODocuments
public import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// The result of fine-tuning.
public struct FinetunedAdapter: Sendable {
    /// The adapter's record in the library
    public let record: AdapterRecord
    /// The trained weights
    public let checkpoint: AdapterCheckpoint
    /// Number of steps of the whole training, including those before an interruption
    public let steps: Int
    /// The mean loss of the last tenth of the steps, nats
    public let loss: Double
}

extension LoadedModel {
    /// Trains a group's adapter on questions about its documents, and stores it.
    ///
    /// The state is saved regularly: after a kill the same call resumes and ends with the same adapter. The group's
    /// previous adapter stays in use until the new one is finished. On cancellation the state is saved after the
    /// current step and `CancellationError` is thrown.
    ///
    /// - Parameters:
    ///   - questions: an entry without a text refers to the library's document with its title or id
    ///   - checkpointing: gradient checkpointing; a resumed run may change it
    ///   - saveEvery: seconds between saved states
    ///   - onStep: called after each step with its result, the run's number of steps, and tokens per second
    /// - Throws: `EngineError` if a document is in another group, or if an example does not fit the window;
    ///   `LibraryError` if a document is missing or not compressed; `TrainingError` if training becomes unstable.
    public func finetune(
        group: String, questions: QuestionSet, recipe: FinetuningRecipe, seed: UInt64, in library: any LibraryStore,
        checkpointing: GradientCheckpointing = .automatic, saveEvery: Double = 20,
        onStep: (Finetuner.Step, _ total: Int, _ tokensPerSecond: Double) throws -> Void
    ) async throws -> FinetunedAdapter {
        var data = TrainingData.Builder(model: self, library: library, recipe: recipe, seed: seed)
        for entry in questions.documents where !entry.questions.isEmpty {
            let document = try await library.document(for: entry, in: group)
            guard document.group == group else {
                throw EngineError(
                    .invalid,
                    "the questions' document '\(document.name)' is in group '\(document.group)', expected '\(group)'",
                    hint: .addDocuments(group: group))
            }
            try await data.add(
                entry.questions.map {
                    TrainingData.Question(
                        name: "question '\($0.id)' about '\(entry.title)'", text: $0.text,
                        answer: try prompts.answer($0.answers[0]))
                }, about: document)
        }
        return try await train(
            group: group, data: data.finish(), recipe: recipe, seed: seed, in: library, checkpointing: checkpointing,
            saveEvery: saveEvery, onStep: onStep)
    }

    /// Trains a group's adapter and stores it. It resumes an interrupted run with the same data and settings.
    func train(
        group: String, data: TrainingData,
        recipe: FinetuningRecipe, seed: UInt64, in library: any LibraryStore, checkpointing: GradientCheckpointing,
        saveEvery: Double, onStep: (Finetuner.Step, _ total: Int, _ tokensPerSecond: Double) throws -> Void
    ) async throws -> FinetunedAdapter {
        let identity = vectorIdentity
        let start = startingAdapter(for: recipe)
        let finetuner = try Finetuner(
            decoder: languageModel.decoder, base: try compressor.readingAdapters.list, start: start, recipe: recipe,
            reading: compressor.vectorReading, documents: data.vectors, examples: data.epochs[0],
            later: Array(data.epochs.dropFirst()), seed: seed,
            checkpointing: checkpointing)
        guard finetuner.stateByteCount < largestStoredValue - 1_000_000 else {
            throw EngineError(
                .unsupported,
                "group '\(group)': the training state has \(finetuner.stateByteCount / 1_000_000) MB, "
                    + "expected less than the \(largestStoredValue / 1_000_000) MB that a library stores in one value: "
                    + "distribute the documents over several groups, or do not tune their vectors")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let settings = String(
            decoding: try encoder.encode(RunSettings(recipe: recipe, seed: seed, start: start?.digest)),
            as: UTF8.self)
        // The run is created with its first saved state: a run that fails early leaves the library unchanged.
        var run = try await library.unfinishedRun(
            of: group, identity: identity, settings: settings, dataDigest: data.digest)
        if let unfinished = run {
            if unfinished.totalSteps == finetuner.totalSteps {
                if let state = try await library.runState(unfinished.id) { try finetuner.restore(state) }
            } else {
                run = nil
            }
        }
        func begin(_ run: TrainingRunRecord?) async throws -> TrainingRunRecord {
            if let run { return run }
            return try await library.startRun(
                of: group, identity: identity, settings: settings, dataDigest: data.digest,
                totalSteps: finetuner.totalSteps)
        }
        var losses: [TrainingLoss] = []
        var saved = ContinuousClock.now
        func save() async throws {
            let current = try await begin(run)
            run = current
            try await library.saveRun(
                current.id, step: finetuner.stepCount, state: finetuner.state(), losses: losses)
            losses = []
            saved = .now
        }
        do {
            while finetuner.stepCount < finetuner.totalSteps {
                if Task.isCancelled {
                    if finetuner.stepCount > 0 { try await save() }
                    throw CancellationError()
                }
                let beginning = ContinuousClock.now
                let step = try finetuner.step()
                losses.append(TrainingLoss(step: step.step, loss: step.loss))
                try onStep(step, finetuner.totalSteps, Double(step.tokens) / beginning.duration(to: .now).seconds)
                if saved.duration(to: .now).seconds >= saveEvery, step.step < finetuner.totalSteps {
                    try await save()
                }
                // Let other tasks use this thread.
                await Task.yield()
            }
            try finetuner.checkOutcome()
        } catch let error as TrainingError {
            // A repeated call must not resume into the same error.
            if let run { try await library.removeRun(run.id) }
            throw error
        }
        let finished = try await begin(run)
        let all = try await library.losses(of: finished.id).map(\.loss) + losses.map(\.loss)
        let checkpoint = try finetuner.adapter.checkpoint(baseModel: modelIdentity)
        let encoded = try checkpoint.encoded()
        var tuned: [TunedVectors] = []
        if let vectors = try finetuner.tunedVectors() {
            for (document, vectors) in zip(data.documents, vectors) {
                tuned.append(
                    TunedVectors(
                        document: document,
                        source: try await library.vectorsDigest(of: document, identity: identity),
                        bytes: Data(try vectors.to(device: .cpu).bytes())))
            }
        }
        let record = try await library.finishRun(
            finished.id, losses: losses, config: encoded.configuration, weights: encoded.weights, tuned: tuned)
        let last = all.suffix(max(1, all.count / 10))
        return FinetunedAdapter(
            record: record, checkpoint: checkpoint, steps: finetuner.totalSteps,
            loss: last.reduce(0, +) / Double(max(1, last.count)))
    }

    /// The general adapter that a recipe's training is initialized from; nil unless the recipe asks for it and the
    /// adapter has the recipe's rank and alpha on the attention of every layer.
    public func startingAdapter(for recipe: FinetuningRecipe) -> GeneralAdapter? {
        guard recipe.startsFromGeneral, let general = generalAdapter, general.ranks == [recipe.rank],
            general.alpha == recipe.alpha,
            general.adapter.covers(Adapter.attentionModules, layers: languageModel.decoder.configuration.layerCount)
        else { return nil }
        return general
    }

    /// The settings that identify a run; a run with the same settings and data resumes it.
    private struct RunSettings: Codable {
        let recipe: FinetuningRecipe
        let seed: UInt64
        /// The digest of the general adapter that it is initialized from
        let start: String?
    }
}
