import LLoCOBase

/// The text model of Gemma 3. Most layers have a sliding window and a separate RoPE base. Norms are applied before and
/// after each branch and multiply by 1 + weight. Embeddings are multiplied by √D.
struct Gemma3Family: ModelFamily {
    let modelType = "gemma3_text"
    let classes: Set<String> = ["Gemma3ForCausalLM", "Gemma3TextModel"]
    let ggufArchitecture = "gemma3"
    let ggufNames = [
        "post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
    ]
    // The configurations of larger models omit most keys.
    let defaults: [String: JSONValue] = [
        "vocab_size": .integer(262_208), "num_attention_heads": .integer(8), "num_key_value_heads": .integer(4),
        "head_dim": .integer(256), "max_position_embeddings": .integer(131_072), "tie_word_embeddings": .bool(true),
        "rope_theta": .number(1e6), "sliding_window": .integer(4096), "query_pre_attn_scalar": .integer(256),
        "rope_local_base_freq": .number(1e4), "hidden_activation": .string("gelu_pytorch_tanh"),
        "bos_token_id": .integer(2), "eos_token_id": .integer(1),
    ]
    /// Every `period`-th layer has full attention.
    private let period = 6

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        for key in ["final_logit_softcapping", "attn_logit_softcapping"] {
            if let cap = try reader.optionalNumber(key) {
                throw reader.file.fault("\(key) \(cap)", expected: "no softcapping", code: .unsupported)
            }
        }
        guard try !reader.bool("use_bidirectional_attention", default: false) else {
            throw reader.file.fault("use_bidirectional_attention", expected: "causal attention", code: .unsupported)
        }
        configureShared(&configuration)
        configuration.normsAddOne = true
        configuration.layer.attentionScale = 1 / (try reader.number("query_pre_attn_scalar")).squareRoot()
        let window = try reader.integer("sliding_window")
        if try !configuration.readWindows(reader, window) {
            let period = try reader.integer("sliding_window_pattern", default: period)
            configuration.setWindows(window, period: period)
        }
        let local = try reader.optionalObject("rope_parameters")?.optionalObject("sliding_attention")
        var rope = Rope(theta: try local?.optionalNumber("rope_theta") ?? reader.number("rope_local_base_freq"))
        if let local {
            rope.scaling = try reader.ropeScaling(local, maximumPositions: configuration.maximumPositions)
        }
        configuration.setLocalRope(rope)
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        if let cap = try reader.optionalNumber("final_logit_softcapping"), cap != 0 {
            throw reader.refuse("final_logit_softcapping \(cap)", "no softcapping")
        }
        configureShared(&configuration)
        // Most files have no key for the scale. The largest model derives it from the hidden size.
        configuration.layer.attentionScale =
            try reader.optionalNumber("attention.scale")
            ?? (configuration.layerCount == 62
            ? Double(configuration.headCount) / Double(configuration.hiddenSize)
            : 1 / Double(configuration.headSize)).squareRoot()
        guard let window = try reader.optionalInteger("attention.sliding_window"), window > 0 else { return }
        let key = "attention.sliding_window_pattern"
        if reader.isArray(key), let flags = try reader.flags(key, count: configuration.layerCount) {
            configuration.eachLayer { $1.window = flags[$0] ? window : nil }
        } else {
            configuration.setWindows(window, period: try reader.optionalInteger(key) ?? period)
        }
        configuration.setLocalRope(Rope(theta: try reader.optionalNumber("rope.freq_base_swa") ?? 10_000))
    }

    private func configureShared(_ configuration: inout LlamaConfiguration) {
        configuration.layer.norms = .beforeAndAfter
        configuration.layer.headNorm = .eachHead
        configuration.layer.activation = .gelu
        configuration.layer.attentionOutputBias = configuration.layer.attentionBias
        configuration.embeddingScale = Double(max(1, configuration.hiddenSize)).squareRoot()
    }
}

extension LlamaConfiguration {
    /// Sets the window of all layers except every `period`-th.
    fileprivate mutating func setWindows(_ window: Int, period: Int) {
        eachLayer { $1.window = period > 0 && ($0 + 1) % period == 0 ? nil : window }
    }

    /// Sets the rope of the layers with a window.
    fileprivate mutating func setLocalRope(_ rope: Rope) {
        let layers = self
        eachLayer { index, layer in
            layer = layers.description(of: index)
            if layer.window != nil { layer.rope = rope }
        }
    }
}
