/// Phi-3, Phi-3.5 and Phi-4-mini: fused projections and LongRoPE; Phi-4-mini rotates only a part of each head.
struct Phi3Family: ModelFamily {
    let modelType = "phi3"
    let classes: Set<String> = ["Phi3ForCausalLM", "Phi3Model"]
    let ggufArchitecture = "phi3"
    let ggufNames = ["attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"]
    let allowsPartialRotary = true

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        configuration.hasFusedProjections = true
        configuration.layer.window = try reader.optionalInteger("sliding_window")
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        configuration.hasFusedProjections = true
        configuration.layer.window = try reader.window()
    }
}
