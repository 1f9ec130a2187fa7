import LLoCOBase

/// A family of decoders: which files are its own, and where its layers differ from Llama's.
///
/// What all have in common (sizes, special tokens, rope scaling of the usual kinds) is read before a family is asked.
protocol ModelFamily: Sendable {
    /// `model_type` of `config.json`
    var modelType: String { get }
    /// The class names that `architectures` of `config.json` may hold.
    var classes: Set<String> { get }
    /// `general.architecture` of GGUF files
    var ggufArchitecture: String { get }
    /// Whether llama.cpp's converter stores the rows of queries and keys in its own order.
    var hasPermutedRows: Bool { get }
    /// A layer's tensors in a GGUF file and their Hugging Face names, where they are not Llama's.
    var ggufNames: [String: String] { get }
    /// Whether a part of each head may be turned by positions, and the rest not.
    var turnsPartOfHeads: Bool { get }
    /// What absent keys of `config.json` stand for, where that is not what Llama's do.
    var defaults: [String: JSONValue] { get }

    /// Reads the family's own keys of a `config.json`.
    /// - Throws: `CheckpointError` for what would be computed wrongly.
    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws

    /// Reads the family's own keys of a GGUF file.
    /// - Throws: `CheckpointError` for what would be computed wrongly.
    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws
}

extension ModelFamily {
    var hasPermutedRows: Bool { false }
    var ggufNames: [String: String] { [:] }
    var turnsPartOfHeads: Bool { false }
    var defaults: [String: JSONValue] { [:] }
    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {}
    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {}
}

extension LlamaConfiguration {
    /// Changes layers, each by its number, from what all have in common.
    mutating func eachLayer(_ change: (Int, inout LayerDescription) -> Void) {
        otherLayers = [:]
        // A count that is refused later is not walked.
        for index in 0..<min(max(layerCount, 0), 1024) {
            var own = layer
            change(index, &own)
            if own != layer { otherLayers[index] = own }
        }
    }
}
