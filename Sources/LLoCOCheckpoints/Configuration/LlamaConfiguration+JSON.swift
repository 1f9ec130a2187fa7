import Foundation
import LLoCOBase

extension LlamaConfiguration {
    private static let architectures: [String: Set<String>] = [
        "llama": ["LlamaForCausalLM", "LlamaModel", "LlamaAutoCompressorModel", "LLaMAForCausalLM"],
        "mistral": ["MistralForCausalLM", "MistralModel"],
        "qwen2": ["Qwen2ForCausalLM", "Qwen2Model"],
    ]

    /// Reads a Hugging Face `config.json`, in its older (`rope_theta`, `rope_scaling`) or newer form (`rope_parameters`).
    package init(json file: FileBytes) throws {
        let reader = ConfigurationReader(file: file, object: try file.jsonObject())
        let modelType = try Self.modelType(reader)
        let hiddenSize = try reader.integer("hidden_size")
        let headCount = try reader.integer("num_attention_heads")
        guard headCount > 0 else { throw file.fault("num_attention_heads is \(headCount)", expected: "at least 1") }
        let headSize = try reader.optionalInteger("head_dim")
        guard headSize != nil || hiddenSize % headCount == 0 else {
            throw file.fault(
                "hidden_size \(hiddenSize) and num_attention_heads \(headCount)",
                expected: "the first a multiple of the second")
        }
        let maximumPositions = try reader.integer("max_position_embeddings", default: 2048)
        try Self.refuseVariants(reader, modelType, maximumPositions: maximumPositions)
        let (theta, scaling) = try Self.rope(reader, maximumPositions: maximumPositions)
        let attentionBias = try reader.bool("attention_bias", default: modelType == "qwen2")
        try self.init(
            vocabularySize: reader.integer("vocab_size"), hiddenSize: hiddenSize,
            intermediateSize: reader.integer("intermediate_size"), layerCount: reader.integer("num_hidden_layers"),
            headCount: headCount, keyValueHeadCount: reader.integer("num_key_value_heads", default: headCount),
            headSize: headSize ?? hiddenSize / headCount, maximumPositions: maximumPositions, ropeTheta: theta,
            ropeScaling: scaling, rmsNormEpsilon: reader.optionalNumber("rms_norm_eps") ?? 1e-6,
            tiedEmbeddings: reader.bool("tie_word_embeddings", default: false), attentionBias: attentionBias,
            attentionOutputBias: attentionBias && modelType == "llama",
            mlpBias: reader.bool("mlp_bias", default: false), bosTokenID: reader.optionalInteger("bos_token_id"),
            eosTokenIDs: reader.integers("eos_token_id"), summaryLength: reader.integer("summary_length", default: 0),
            accumulateSummary: reader.bool("accumulate_summary", default: true)
        )
        try validate(in: file)
    }

    private static func modelType(_ reader: ConfigurationReader) throws -> String {
        let names = try reader.strings("architectures") ?? []
        let type =
            try reader.optionalString("model_type")
            ?? Self.architectures.first { !$0.value.isDisjoint(with: names) }?.key
        guard let type, let known = Self.architectures[type], names.isEmpty || !known.isDisjoint(with: names) else {
            let found = ([type.map { "model_type \($0)" }].compactMap { $0 } + names).joined(separator: ", ")
            throw reader.file.fault(
                found.isEmpty ? "neither model_type nor architectures" : found,
                expected: "a causal model of the types \(Self.architectures.keys.sorted().joined(separator: ", "))",
                code: .unsupported)
        }
        return type
    }

    /// Variants whose numbers this package would get wrong.
    private static func refuseVariants(_ reader: ConfigurationReader, _ type: String, maximumPositions: Int) throws {
        func refuse(_ found: String, _ expected: String) -> CheckpointError {
            reader.file.fault(found, expected: expected, code: .unsupported)
        }
        if let activation = try reader.optionalString("hidden_act"), activation != "silu", activation != "swish" {
            throw refuse("hidden_act \(activation)", "silu")
        }
        if let partial = try reader.optionalNumber("partial_rotary_factor"), partial != 1 {
            throw refuse("partial_rotary_factor \(partial)", "1")
        }
        if reader.object.value("quantization_config") != nil {
            throw refuse("a quantization_config", "plain weights, or a GGUF file")
        }
        let windowIsUsed = try type != "qwen2" || reader.bool("use_sliding_window", default: false)
        if type != "llama", windowIsUsed, let window = try reader.optionalInteger("sliding_window"),
            window < maximumPositions
        {
            throw refuse("a sliding_window of \(window) positions", "none, attention over the whole context")
        }
    }

    private static func rope(
        _ reader: ConfigurationReader, maximumPositions: Int
    ) throws -> (theta: Double, scaling: RopeScaling) {
        let parameters = try reader.optionalObject("rope_parameters")
        let theta = try parameters?.optionalNumber("rope_theta") ?? reader.optionalNumber("rope_theta") ?? 10_000
        guard let scaling = try parameters ?? reader.optionalObject("rope_scaling") else { return (theta, .none) }
        if let partial = try scaling.optionalNumber("partial_rotary_factor"), partial != 1 {
            throw reader.file.fault("partial_rotary_factor \(partial)", expected: "1", code: .unsupported)
        }
        let type = try scaling.optionalString("rope_type") ?? scaling.optionalString("type")
        switch type {
        case "default": return (theta, .none)
        case nil where scaling.object.value("factor") == nil && scaling.object.value("rope_theta") != nil:
            return (theta, .none)
        case "linear": return (theta, .linear(factor: try scaling.number("factor")))
        case "llama3":
            let original = try scaling.integer("original_max_position_embeddings", default: maximumPositions)
            return (
                theta,
                .llama3(
                    factor: try scaling.number("factor"), lowFrequencyFactor: try scaling.number("low_freq_factor"),
                    highFrequencyFactor: try scaling.number("high_freq_factor"), originalMaximumPositions: original)
            )
        default:
            throw reader.file.fault(
                "\(scaling.prefix)rope_type \(type ?? "of no name")", expected: "default, linear or llama3",
                code: .unsupported)
        }
    }
}
