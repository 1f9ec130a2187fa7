/// OLMo 2: norms only after each branch, and norms of queries and keys over all heads together.
struct OLMo2Family: ModelFamily {
    let modelType = "olmo2"
    let classes: Set<String> = ["Olmo2ForCausalLM", "Olmo2Model"]
    let ggufArchitecture = "olmo2"
    let ggufNames = [
        "post_attention_norm": "post_attention_layernorm", "post_ffw_norm": "post_feedforward_layernorm",
    ]

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        configureShared(&configuration)
        configuration.layer.attentionOutputBias = configuration.layer.attentionBias
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        if let window = try reader.window() {
            throw reader.refuse("a sliding window of \(window) positions, as in OLMo 3", "none, as in OLMo 2")
        }
        configureShared(&configuration)
    }

    private func configureShared(_ configuration: inout LlamaConfiguration) {
        configuration.layer.norms = .after
        configuration.layer.headNorm = .wholeWidth
    }
}
