public import Foundation

/// The dimensions of a BERT encoder, such as all-MiniLM-L6-v2.
public struct BertConfiguration: Equatable, Sendable {
    /// Rows of the word embedding.
    public var vocabularySize: Int
    /// Size of a hidden state and of the embedding.
    public var hiddenSize: Int
    /// Size of the feed-forward network's inner state.
    public var intermediateSize: Int
    /// Number of encoder layers.
    public var layerCount: Int
    /// Number of attention heads; a divisor of `hiddenSize`.
    public var headCount: Int
    /// Rows of the learned position embedding: the maximum input length in tokens.
    public var maximumPositions: Int
    /// Rows of the token type embedding.
    public var tokenTypeCount: Int
    /// Epsilon of the layer norms; 1e-12 by default.
    public var layerNormEpsilon: Double

    /// Size of an attention head.
    public var headSize: Int { hiddenSize / headCount }

    /// Creates a configuration without validation.
    public init(
        vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
        maximumPositions: Int, tokenTypeCount: Int = 2, layerNormEpsilon: Double = 1e-12
    ) {
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.intermediateSize = intermediateSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.maximumPositions = maximumPositions
        self.tokenTypeCount = tokenTypeCount
        self.layerNormEpsilon = layerNormEpsilon
    }

    /// Reads a `config.json`, or the one in a Hugging Face folder.
    /// - Throws: `CheckpointError`, also for encoders other than BERT with absolute positions and GELU.
    public init(at url: URL) throws {
        try self.init(json: FileBytes(mapping: Folder.exists(url) ? url.appendingPathComponent("config.json") : url))
    }

    package init(json file: FileBytes) throws {
        let reader = ConfigurationReader(file: file, object: try file.jsonObject())
        for (key, known) in [
            ("model_type", ["bert"]), ("hidden_act", ["gelu"]), ("position_embedding_type", ["absolute"]),
        ] {
            if let value = try reader.optionalString(key), !known.contains(value) {
                throw file.fault("\(key) \(value)", expected: known.joined(separator: " or "), code: .unsupported)
            }
        }
        for key in ["is_decoder", "add_cross_attention"] where try reader.bool(key, default: false) {
            throw file.fault("\(key) is true", expected: "an encoder", code: .unsupported)
        }
        try self.init(
            vocabularySize: reader.integer("vocab_size"), hiddenSize: reader.integer("hidden_size"),
            intermediateSize: reader.integer("intermediate_size"), layerCount: reader.integer("num_hidden_layers"),
            headCount: reader.integer("num_attention_heads"),
            maximumPositions: reader.integer("max_position_embeddings"),
            tokenTypeCount: reader.integer("type_vocab_size", default: 2),
            layerNormEpsilon: reader.optionalNumber("layer_norm_eps") ?? 1e-12)
        let limits: [(String, Int, Int)] = [
            ("vocab_size", vocabularySize, 1 << 22), ("hidden_size", hiddenSize, 1 << 16),
            ("intermediate_size", intermediateSize, 1 << 18), ("num_hidden_layers", layerCount, 1024),
            ("num_attention_heads", headCount, 4096), ("max_position_embeddings", maximumPositions, 1 << 20),
            ("type_vocab_size", tokenTypeCount, 1024),
        ]
        for (key, value, limit) in limits where !(1...limit).contains(value) {
            throw file.fault("\(key) \(value)", expected: "1 to \(limit)")
        }
        guard hiddenSize % headCount == 0 else {
            throw file.fault(
                "hidden_size \(hiddenSize) and num_attention_heads \(headCount)",
                expected: "hidden_size as a multiple of num_attention_heads")
        }
        guard layerNormEpsilon > 0, layerNormEpsilon < 0.1 else {
            throw file.fault("layer_norm_eps \(layerNormEpsilon)", expected: "above 0, below 0.1")
        }
    }
}
