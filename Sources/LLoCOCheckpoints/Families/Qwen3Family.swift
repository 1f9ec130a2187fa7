/// Qwen3, dense: queries and keys are normed head by head, and have no biases.
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
