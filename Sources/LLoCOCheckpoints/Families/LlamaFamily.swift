/// Llama (Touvron et al. 2023) and what is built alike: SmolLM2, AutoCompressor; in GGUF files also Mistral.
struct LlamaFamily: ModelFamily {
    let modelType = "llama"
    let classes: Set<String> = [
        "LlamaForCausalLM", "LlamaModel", "LlamaAutoCompressorModel", "LLaMAForCausalLM",
    ]
    let ggufArchitecture = "llama"
    let hasPermutedRows = true

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        configuration.layer.attentionOutputBias = configuration.layer.attentionBias
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        configuration.layer.window = try reader.window()
    }
}
