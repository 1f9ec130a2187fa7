/// Ministral 3: YaRN, and attention temperature scaling by position (``LayerDescription/QueryGrowth``).
struct Ministral3Family: ModelFamily {
    let modelType = "ministral3"
    let classes: Set<String> = ["Ministral3ForCausalLM", "Ministral3Model"]
    let ggufArchitecture = "mistral3"
    let hasPermutedRows = true

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        configuration.layer.window = try reader.optionalInteger("sliding_window")
        guard let parameters = try reader.optionalObject("rope_parameters"),
            let rate = try parameters.optionalNumber("llama_4_scaling_beta")
        else { return }
        configuration.layer.queryGrowth = LayerDescription.QueryGrowth(
            rate: rate,
            originalMaximumPositions: try parameters.integer(
                "original_max_position_embeddings", default: configuration.maximumPositions))
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        configuration.layer.window = try reader.window()
        guard let rate = try reader.optionalNumber("attention.temperature_scale"), rate != 0 else { return }
        let length =
            try reader.optionalInteger("attention.temperature_length")
            ?? reader.optionalInteger("rope.scaling.original_context_length") ?? configuration.maximumPositions
        configuration.layer.queryGrowth = LayerDescription.QueryGrowth(rate: rate, originalMaximumPositions: length)
    }
}
