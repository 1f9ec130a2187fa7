import LLoCOBase

/// SmolLM3: Llama with some layers without rotary embedding (NoPE).
struct SmolLM3Family: ModelFamily {
    let modelType = "smollm3"
    let classes: Set<String> = ["SmolLM3ForCausalLM", "SmolLM3Model"]
    let ggufArchitecture = "smollm3"
    let hasPermutedRows = true
    let defaults: [String: JSONValue] = [
        "tie_word_embeddings": .bool(true), "rope_theta": .number(2e6), "max_position_embeddings": .integer(32_768),
        "num_key_value_heads": .integer(4),
    ]
    /// Every `period`-th layer has no rotary embedding.
    private let period = 4

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        configuration.layer.attentionOutputBias = configuration.layer.attentionBias
        let (flags, count) = (try reader.integers("no_rope_layers"), configuration.layerCount)
        let period = try reader.integer("no_rope_layer_interval", default: period)
        guard flags.isEmpty || (flags.count >= count && flags.allSatisfy { $0 == 0 || $0 == 1 }), period > 0 else {
            throw reader.file.fault(
                "no_rope_layers of \(flags.count), every \(period)", expected: "0 or 1 for each of \(count) layers")
        }
        if try reader.bool("use_sliding_window", default: false),
            let window = try reader.optionalInteger("sliding_window")
        {
            if try !configuration.readWindows(reader, window) {
                throw reader.file.fault(
                    "a sliding_window of \(window) positions without layer_types",
                    expected: "layer_types, or no window", code: .unsupported)
            }
        }
        configuration.removeRope { flags.isEmpty ? ($0 + 1) % period == 0 : flags[$0] == 0 }
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        configuration.removeRope { ($0 + 1) % period == 0 }
    }
}

extension LlamaConfiguration {
    fileprivate mutating func removeRope(where isWithoutRope: (Int) -> Bool) {
        let layers = self
        eachLayer { index, layer in
            layer = layers.description(of: index)
            if isWithoutRope(index) { layer.rope = nil }
        }
    }
}
