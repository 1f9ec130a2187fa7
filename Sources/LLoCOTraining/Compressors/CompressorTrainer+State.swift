public import Foundation
public import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
import LLoCOLibrary
import LLoCOModels

extension CompressorTrainer {
    /// The folder of the adapter that is learned with the compressor, in the compressor's
    public static let readerName = "reader"

    /// What a run trains on. With the recipe and the seed it says which run a saved state is of.
    public struct Source: Sendable {
        /// The SHA-256 of the base model's files
        public var baseModel: String
        /// The SHA-256 of the texts: ``TrainingText/digest``
        public var texts: String
        /// What identifies the compressor that it began with: ``CompressorCheckpoint/identity(in:)``; empty for none
        public var start: String
        /// The SHA-256 of the adapter that answers are read with; empty for none
        public var reader: String

        /// What a run trains on, by digests. By default it begins anew, and answers are read by the model as it is.
        public init(baseModel: String, texts: String, start: String = "", reader: String = "") {
            self.baseModel = baseModel
            self.texts = texts
            self.start = start
            self.reader = reader
        }
    }

    /// Keeps other runs from writing a run's folder for as long as the lock is held.
    ///
    /// - Throws: `LockError`: `busy`, naming the process that writes it, or `storage` where the lock file cannot be opened.
    public static func lock(_ folder: URL) throws -> WriterLock {
        try WriterLock.acquire(folder.appending(path: "training").path, timeout: .zero) { _ in }
    }

    /// Writes the compressor as trained so far, beside it what a continued run needs and, where it is learned, the adapter
    /// that reads: in the folder ``readerName``.
    public func save(to folder: URL, source: Source, trainedTokens: Int) throws {
        // A checkpoint that could not be used would replace one that can.
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

    /// Takes up a run that was saved in `folder`; returns the tokens it had read, or nil where there is none.
    ///
    /// - Throws: `TrainingError` where the saved run is another than this one, naming in what: it would go on as neither.
    public func resume(from folder: URL, source: Source) throws -> Int? {
        try savedRun(in: folder, source).resume(training)
    }

    /// The compressor as trained so far.
    public func checkpoint(baseModel: String, trainedTokens: Int) throws -> CompressorCheckpoint {
        CompressorCheckpoint(
            description: .init(
                scheme: scheme, baseModel: baseModel, trainedTokens: trainedTokens),
            embedSummary: embedSummary, adapter: adapter)
    }

    /// What has to agree for a run to go on. `steps` and `checkpointSteps` may change, so that one can be prolonged, and the
    /// rates, so that one that became unstable can go on from its last checkpoint with lower ones.
    private func savedRun(in folder: URL, _ source: Source) throws -> SavedRun {
        var lasting = recipe
        lasting.steps = 1
        lasting.checkpointSteps = 1
        lasting.learningRate = 1
        lasting.summaryLearningRate = 1
        lasting.readerLearningRate = 1
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let encoded = String(decoding: try encoder.encode(lasting), as: UTF8.self)
        return SavedRun(
            in: folder,
            fields: [
                .init(key: "base_model", value: source.baseModel, name: "base model", setting: .model),
                .init(key: "texts", value: source.texts, name: "set of texts", setting: .texts),
                .init(
                    key: "recipe", value: encoded, name: "recipe", setting: .recipe,
                    isSame: { try Self.isSameRecipe($0, encoded) }),
                .init(key: "seed", value: "\(seed)", name: "seed", setting: .seed),
                .init(key: "start", value: source.start, name: "compressor to begin with", setting: .start),
                .init(
                    key: "reader", value: source.reader, name: "adapter that answers are read with", setting: .reader),
            ])
    }

    /// Whether two encoded recipes say the same: what one of them does not have, since it was saved before there was such a
    /// field, has the usual value.
    private static func isSameRecipe(_ saved: String, _ own: String) throws -> Bool {
        let usual = try Recipe.fields(JSONEncoder().encode(CompressorRecipe()))
        guard let fields = try? Recipe.fields(Data(saved.utf8)) else { return false }
        return try usual.merging(fields) { $1 } == Recipe.fields(Data(own.utf8))
    }
}
