/// OLMo 2: norms after each branch alone, and of queries and keys over their whole width.
struct OLMo2Family: ModelFamily {
    let modelType = "olmo2"
    let classes: Set<String> = ["Olmo2ForCausalLM", "Olmo2Model"]
    let ggufArchitecture = "olmo2"
    let ggufNames = [
        "post_attention_norm": "post_attention_layernorm", "post_ffw_norm": "post_feedforward_layernorm",
    ]

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        share(&configuration)
        configuration.layer.attentionOutputBias = configuration.layer.attentionBias
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        if let window = try reader.window() {
            throw reader.refuse("a sliding window of \(window) positions, as OLMo 3 has", "none, as OLMo 2 has")
        }
        share(&configuration)
    }

    private func share(_ configuration: inout LlamaConfiguration) {
        configuration.layer.norms = .after
        configuration.layer.headNorm = .wholeWidth
    }
}
