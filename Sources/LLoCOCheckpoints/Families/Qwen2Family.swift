import LLoCOBase

/// Qwen2 and Qwen2.5: biases of queries, keys and values. `use_sliding_window` enables windows in the upper layers.
struct Qwen2Family: ModelFamily {
    let modelType = "qwen2"
    let classes: Set<String> = ["Qwen2ForCausalLM", "Qwen2Model"]
    let ggufArchitecture = "qwen2"
    let defaults: [String: JSONValue] = ["attention_bias": .bool(true)]

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        try configuration.readUpperWindows(reader)
    }
}

extension LlamaConfiguration {
    /// Sets the windows from Qwen's keys: `layer_types`, otherwise all layers from `max_window_layers` on.
    mutating func readUpperWindows(_ reader: ConfigurationReader) throws {
        guard try reader.bool("use_sliding_window", default: false),
            let window = try reader.optionalInteger("sliding_window")
        else { return }
        if try readWindows(reader, window) { return }
        let first = try reader.integer("max_window_layers", default: 28)
        eachLayer { $1.window = $0 >= first ? window : nil }
    }

    /// Sets the window of the `sliding_attention` layers in `layer_types`. Returns false if the key is missing.
    mutating func readWindows(_ reader: ConfigurationReader, _ window: Int) throws -> Bool {
        guard let types = try reader.strings("layer_types") else { return false }
        let known = ["full_attention", "sliding_attention"]
        guard types.count == layerCount, types.allSatisfy(known.contains) else {
            throw reader.file.fault(
                "layer_types \(types.prefix(8)) of \(types.count)",
                expected: "\(known.joined(separator: " or ")) for each of \(layerCount) layers", code: .unsupported)
        }
        eachLayer { $1.window = types[$0] == "sliding_attention" ? window : nil }
        return true
    }
}
