/// Mistral; version 0.1 has a sliding window.
///
/// Its GGUF files have Llama's architecture name, so ``LlamaFamily`` reads them.
struct MistralFamily: ModelFamily {
    let modelType = "mistral"
    let classes: Set<String> = ["MistralForCausalLM", "MistralModel"]
    let ggufArchitecture = "llama"
    let hasPermutedRows = true

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        configuration.layer.window = try reader.optionalInteger("sliding_window")
    }
}
