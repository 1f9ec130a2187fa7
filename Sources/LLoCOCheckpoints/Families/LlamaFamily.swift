/// Llama (Touvron et al. 2023) and models of the same architecture: SmolLM2, AutoCompressor, and Mistral in GGUF files.
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
