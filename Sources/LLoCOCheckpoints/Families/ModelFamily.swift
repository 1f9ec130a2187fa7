import LLoCOBase

/// A family of decoders: how to recognise its files, and how its layers differ from Llama's.
///
/// The common settings (sizes, special tokens, common kinds of rope scaling) are read before a family's own.
protocol ModelFamily: Sendable {
    /// `model_type` in `config.json`.
    var modelType: String { get }
    /// The accepted class names of `architectures` in `config.json`.
    var classes: Set<String> { get }
    /// `general.architecture` in GGUF files.
    var ggufArchitecture: String { get }
    /// Whether llama.cpp's converter permutes the rows of queries and keys.
    var hasPermutedRows: Bool { get }
    /// GGUF and Hugging Face names of a layer's tensors, where they differ from Llama's.
    var ggufNames: [String: String] { get }
    /// Whether the rotary embedding may cover only a part of each head.
    var allowsPartialRotary: Bool { get }
    /// Default values of `config.json` keys, where they differ from Llama's.
    var defaults: [String: JSONValue] { get }

    /// Reads the family's own keys in a `config.json`.
    /// - Throws: `CheckpointError` for variants that would be computed wrongly.
    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws

    /// Reads the family's own keys in a GGUF file.
    /// - Throws: `CheckpointError` for variants that would be computed wrongly.
    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws
}

extension ModelFamily {
    var hasPermutedRows: Bool { false }
    var ggufNames: [String: String] { [:] }
    var allowsPartialRotary: Bool { false }
    var defaults: [String: JSONValue] { [:] }
    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {}
    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {}
}

extension LlamaConfiguration {
    /// Derives each layer from `layer` with `change`, and stores those that differ in `otherLayers`.
    mutating func eachLayer(_ change: (Int, inout LayerDescription) -> Void) {
        otherLayers = [:]
        // The bound keeps an invalid count, which validation refuses later, from taking long.
        for index in 0..<min(max(layerCount, 0), 1024) {
            var changed = layer
            change(index, &changed)
            if changed != layer { otherLayers[index] = changed }
        }
    }
}
