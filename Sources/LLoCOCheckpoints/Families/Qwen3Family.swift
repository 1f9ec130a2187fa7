/// Qwen3 (dense): per-head norms of queries and keys, and no biases by default.
struct Qwen3Family: ModelFamily {
    let modelType = "qwen3"
    let classes: Set<String> = ["Qwen3ForCausalLM", "Qwen3Model"]
    let ggufArchitecture = "qwen3"

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        configuration.layer.headNorm = .eachHead
        configuration.layer.attentionOutputBias = configuration.layer.attentionBias
        try configuration.readUpperWindows(reader)
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        configuration.layer.headNorm = .eachHead
    }
}
