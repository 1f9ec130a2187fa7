import Foundation
import LLoCOBase

extension LlamaConfiguration {
    /// Vision-language models, whose `text_config` describes the text model, with the default type of that text model.
    private static let wrappers = ["gemma3": "gemma3_text", "mistral3": "mistral"]

    /// Reads a Hugging Face `config.json` with the older rope keys (`rope_theta`, `rope_scaling`) or the newer one
    /// (`rope_parameters`).
    package init(json file: FileBytes) throws {
        let whole = ConfigurationReader(file: file, object: try file.jsonObject())
        var (reader, family) = try Self.family(whole)
        reader.defaults = family.defaults
        let hiddenSize = try reader.integer("hidden_size")
        let headCount = try reader.integer("num_attention_heads")
        guard headCount > 0 else { throw file.fault("num_attention_heads is \(headCount)", expected: "at least 1") }
        let headSize = try reader.optionalInteger("head_dim")
        guard headSize != nil || hiddenSize % headCount == 0 else {
            throw file.fault(
                "hidden_size \(hiddenSize) and num_attention_heads \(headCount)",
                expected: "hidden_size as a multiple of num_attention_heads")
        }
        let maximumPositions = try reader.integer("max_position_embeddings", default: 2048)
        let size = headSize ?? hiddenSize / headCount
        try self.init(
            vocabularySize: reader.integer("vocab_size"), hiddenSize: hiddenSize,
            intermediateSize: reader.integer("intermediate_size"), layerCount: reader.integer("num_hidden_layers"),
            headCount: headCount, keyValueHeadCount: reader.integer("num_key_value_heads", default: headCount),
            headSize: size, maximumPositions: maximumPositions,
            rmsNormEpsilon: reader.optionalNumber("rms_norm_eps") ?? 1e-6,
            tiedEmbeddings: reader.bool(
                "tie_word_embeddings", default: whole.bool("tie_word_embeddings", default: false)),
            attentionBias: reader.bool("attention_bias", default: false),
            mlpBias: reader.bool("mlp_bias", default: false),
            bosTokenID: reader.optionalInteger("bos_token_id") ?? whole.optionalInteger("bos_token_id"),
            eosTokenIDs: reader.integers("eos_token_id"), summaryLength: reader.integer("summary_length", default: 0),
            accumulateSummary: reader.bool("accumulate_summary", default: true)
        )
        if eosTokenIDs.isEmpty { eosTokenIDs = try whole.integers("eos_token_id") }
        layer.rope = try reader.rope(headSize: size, maximumPositions: maximumPositions)
        if case .dynamic(let factor, let original) = layer.rope?.scaling, factor.isFinite {
            // The extended window; the key holds the original one.
            self.maximumPositions = Int(min(Double(original) * max(1, factor), Double(1 << 28)))
        }
        try family.configure(&self, reader)
        try refuseVariants(whole, reader, family)
        try validate(in: file)
    }

    /// The part of a configuration that describes the text model, and the model's family.
    private static func family(_ whole: ConfigurationReader) throws -> (ConfigurationReader, any ModelFamily) {
        let names = try whole.strings("architectures") ?? []
        let type = try whole.optionalString("model_type")
        if let type, let defaultType = wrappers[type], let text = try whole.optionalObject("text_config") {
            let type = try text.optionalString("model_type") ?? defaultType
            if let family = ModelFamilies.all.first(where: { $0.modelType == type }) { return (text, family) }
        }
        let family = ModelFamilies.all.first { family in
            type.map { $0 == family.modelType } ?? !family.classes.isDisjoint(with: names)
        }
        guard let family, names.isEmpty || !family.classes.isDisjoint(with: names) else {
            var found = ([type.map { "model_type \($0)" }].compactMap { $0 } + names).joined(separator: ", ")
            if let reason = type.flatMap({ ModelFamilies.refused[$0] }) { found += ", \(reason)" }
            throw whole.file.fault(
                found.isEmpty ? "neither model_type nor architectures" : found,
                expected: "a causal model of the types "
                    + ModelFamilies.all.map(\.modelType).sorted().joined(separator: ", "),
                code: .unsupported)
        }
        return (whole, family)
    }

    /// Refuses variants that this package would compute wrongly.
    private func refuseVariants(
        _ whole: ConfigurationReader, _ reader: ConfigurationReader, _ family: any ModelFamily
    ) throws {
        func refuse(_ found: String, _ expected: String) -> CheckpointError {
            reader.file.fault(found, expected: expected, code: .unsupported)
        }
        let names = layer.activation == .silu ? ["silu", "swish"] : ["gelu_pytorch_tanh"]
        for key in ["hidden_act", "hidden_activation"] {
            if let activation = try reader.optionalString(key), !names.contains(activation) {
                throw refuse("\(key) \(activation)", names[0])
            }
        }
        if let dimensions = layer.rope?.dimensions, !family.allowsPartialRotary {
            throw refuse(
                "partial_rotary_factor \(Double(dimensions) / Double(headSize))", "1")
        }
        if reader.object.value("quantization_config") != nil || whole.object.value("quantization_config") != nil {
            throw refuse("a quantization_config", "unquantized weights, or a GGUF file")
        }
    }
}
