public import Foundation
public import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
import LLoCOLibrary
import LLoCOModels

extension CompressorTrainer {
    /// The subfolder of the compressor's folder for the reader adapter that is trained with it
    public static let readerName = "reader"

    /// A run's inputs, by digest. With the recipe and the seed they identify the run that a saved state belongs to.
    public struct Source: Sendable {
        /// The SHA-256 of the base model's files
        public var baseModel: String
        /// The SHA-256 of the texts: ``TrainingText/digest``
        public var texts: String
        /// ``CompressorCheckpoint/identity(in:)`` of the compressor that the weights are initialized from; empty for
        /// none
        public var start: String
        /// The SHA-256 of the reader adapter given to the run; empty for none
        public var reader: String

        /// Creates a source; by default without an initial compressor and without a reader adapter.
        public init(baseModel: String, texts: String, start: String = "", reader: String = "") {
            self.baseModel = baseModel
            self.texts = texts
            self.start = start
            self.reader = reader
        }
    }

    /// Locks a run's folder against other runs for the lifetime of the lock.
    ///
    /// - Throws: `LockError`: `busy`, naming the process that holds the lock, or `storage` if the lock file cannot be
    ///   opened.
    public static func lock(_ folder: URL) throws -> WriterLock {
        try WriterLock.acquire(folder.appending(path: "training").path, timeout: .zero) { _ in }
    }

    /// Writes the compressor trained so far, the training state and, if one is trained, the reader adapter (in the
    /// subfolder ``readerName``).
    ///
    /// - Throws: `TrainingError` if a parameter is not finite: nothing is written then.
    public func save(to folder: URL, source: Source, trainedTokens: Int) throws {
        // An unusable checkpoint must not replace a usable one.
        try training.checkFinite()
        try checkpoint(baseModel: source.baseModel, trainedTokens: trainedTokens).write(to: folder)
        if recipe.readerRank > 0, let reader {
            try GeneralAdapter.write(
                reader.checkpoint(baseModel: source.baseModel),
                reading: VectorIdentity(
                    model: source.baseModel, compressor: CompressorCheckpoint.identity(in: folder),
                    variant: scheme.description), to: folder.appending(path: Self.readerName))
        }
        try savedRun(in: folder, source).write(training, tokens: trainedTokens)
    }

    /// Restores the run saved in `folder`. Returns the number of tokens it has processed, or nil if there is no saved
    /// run.
    ///
    /// - Throws: `TrainingError` if the saved run differs from this one, naming the difference.
    public func resume(from folder: URL, source: Source) throws -> Int? {
        try savedRun(in: folder, source).resume(training)
    }

    /// The compressor trained so far.
    public func checkpoint(baseModel: String, trainedTokens: Int) throws -> CompressorCheckpoint {
        CompressorCheckpoint(
            description: .init(
                scheme: scheme, baseModel: baseModel, trainedTokens: trainedTokens),
            embedSummary: embedSummary, adapter: adapter)
    }

    /// The fields that must agree for a run to resume. `steps` and `checkpointSteps` may change, to extend a run. The
    /// learning rates may change, so that an unstable run can resume from its last checkpoint with lower ones.
    private func savedRun(in folder: URL, _ source: Source) throws -> SavedRun {
        var fixed = recipe
        fixed.steps = 1
        fixed.checkpointSteps = 1
        fixed.learningRate = 1
        fixed.summaryLearningRate = 1
        fixed.readerLearningRate = 1
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let encoded = String(decoding: try encoder.encode(fixed), as: UTF8.self)
        return SavedRun(
            in: folder,
            fields: [
                .init(key: "base_model", value: source.baseModel, name: "base model", setting: .model),
                .init(key: "texts", value: source.texts, name: "set of texts", setting: .texts),
                .init(
                    key: "recipe", value: encoded, name: "recipe", setting: .recipe,
                    isSame: { try Self.isSameRecipe($0, encoded) }),
                .init(key: "seed", value: "\(seed)", name: "seed", setting: .seed),
                .init(key: "start", value: source.start, name: "initial compressor", setting: .start),
                .init(key: "reader", value: source.reader, name: "reader adapter", setting: .reader),
            ])
    }

    /// Whether two encoded recipes are equal. A field that an older version did not save has its default value.
    private static func isSameRecipe(_ saved: String, _ current: String) throws -> Bool {
        let defaults = try Recipe.fields(JSONEncoder().encode(CompressorRecipe()))
        guard let fields = try? Recipe.fields(Data(saved.utf8)) else { return false }
        return try defaults.merging(fields) { $1 } == Recipe.fields(Data(current.utf8))
    }
}
