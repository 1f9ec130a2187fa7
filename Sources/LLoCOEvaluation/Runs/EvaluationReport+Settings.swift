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
    ///   - digest: of the set, over the texts that are read
    ///   - adapter: the digest of what vectors are read with; nil for none
    init(
        _ set: EvaluationSet, digest: String, engine: LoadedModel, adapter: String?, modes: [AnswerMode],
        _ options: EvaluationRun.Options
    ) throws {
        let vectors = engine.vectorIdentity
        self.init(
            data: set.name, format: set.format, dataDigest: digest, answerTokens: set.answerTokens,
            model: engine.modelIdentity, compressor: vectors.compressor, scheme: vectors.variant, adapter: adapter,
            embedder: try? engine.embedder.identity, window: engine.model.window,
            // The ids around a text of one token: what the template and the prompt's own words come to.
            chatTemplate: Digest.sha256("\(try engine.prompts.prompt(question: "?", context: [0]))"),
            dtype: engine.model.decoder.dtype.rawValue, device: engine.model.decoder.device.description,
            decodeWeights: Self.name(engine.model.decodeBits), seed: options.seed,
            budget: options.budget?.description, textShare: modes.contains(.hybrid) ? options.textShare : nil)
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
