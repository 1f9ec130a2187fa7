import LLoCOBase
import LLoCOCompression
import LLoCODataSets
import LLoCOLibrary
import LLoCOModels
import LLoCOReports
import LLoCOTokenizers
import LLoCOTorch

extension EvaluationReport.Settings {
    /// The settings of a run.
    ///
    /// - Parameters:
    ///   - digest: the digest of the set with the texts in use
    ///   - adapter: the digest of the adapter for vectors; nil for none
    ///   - searches: whether answers depend on the retrieval model
    /// - Throws: if the retrieval model is needed and cannot be loaded.
    init(
        _ set: EvaluationSet, digest: String, model: LoadedModel, adapter: String?, searches: Bool,
        modes: [AnswerMode], _ options: EvaluationRun.Options
    ) throws {
        let vectors = model.vectorIdentity
        self.init(
            data: set.name, format: set.format, dataDigest: digest, answerTokens: set.answerTokens,
            model: model.modelIdentity, compressor: vectors.compressor, scheme: vectors.variant, adapter: adapter,
            embedder: searches ? try model.embedder.identity : nil, window: model.languageModel.window,
            // The ids around a one-token text, which identify the template and the prompt's wording.
            chatTemplate: Digest.sha256("\(try model.prompts.prompt(question: "?", context: [0]))"),
            dtype: model.languageModel.decoder.dtype.rawValue, device: model.languageModel.decoder.device.description,
            decodeWeights: Self.name(model.languageModel.decodeBits), seed: options.seed,
            budget: options.budget?.description, textShare: modes.contains(.hybrid) ? options.textShare : nil,
            pieces: modes.contains { $0 == .hybrid || $0 == .retrieval && options.budget != nil }
                ? ContextSelection.version : nil)
    }

    private static func name(_ bits: QuantizedWeight.Bits?) -> String {
        switch bits {
        case nil: DecodeWeights.full.rawValue
        case .lossless: DecodeWeights.lossless.rawValue
        case .eight: DecodeWeights.eightBit.rawValue
        case .four: DecodeWeights.fourBit.rawValue
        }
    }
}
