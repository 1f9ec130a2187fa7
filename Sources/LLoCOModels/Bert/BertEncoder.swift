import LLoCOBase
public import LLoCOCheckpoints
import LLoCOTokenizers
public import LLoCOTorch

/// The BERT encoder (Devlin et al. 2019) of sentence-transformers: token ids to unit vectors.
///
/// Layers are post-norm: x = LayerNorm(x + attention(x)), x = LayerNorm(x + feedForward(x)).
public final class BertEncoder: Sendable {
    /// The encoder's shape.
    public let configuration: BertConfiguration
    /// The dtype of the weights and of the computation.
    public let dtype: DType
    /// The device of the weights and of the computation.
    public let device: Device

    private let wordEmbedding: Tensor
    /// The sum of the position embeddings and the first token type's: [positions, D].
    private let positionEmbedding: Tensor
    private let embeddingNorm: LayerNorm
    private let blocks: [Block]

    private struct LayerNorm {
        let weight: Tensor
        let bias: Tensor
        let epsilon: Double

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            try x.layerNorm(weight, bias: bias, epsilon: epsilon)
        }
    }

    private struct Dense {
        let weight: Tensor
        let bias: Tensor

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            try x.linear(weight, bias: bias)
        }
    }

    private struct Block {
        let query: Dense
        let key: Dense
        let value: Dense
        let output: Dense
        let attentionNorm: LayerNorm
        let up: Dense
        let down: Dense
        let outputNorm: LayerNorm
    }

    /// Loads an encoder's weights; their names may have the prefix `bert.`.
    ///
    /// - Parameter dtype: of the weights and the computation
    /// - Throws: `CheckpointError` if a tensor is missing or its shape differs from the configuration; `TorchError` if
    ///   the device is not available.
    public init(
        _ checkpoint: any Checkpoint, configuration: BertConfiguration, dtype: DType = .float32, device: Device = .cpu
    ) throws {
        self.configuration = configuration
        self.dtype = dtype
        self.device = device
        let prefix = checkpoint.contains("bert.embeddings.word_embeddings.weight") ? "bert." : ""
        let hidden = configuration.hiddenSize
        func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
            try checkpoint.tensor(prefix + name, shape: shape, as: dtype).to(device: device)
        }
        func dense(_ name: String, _ input: Int, _ output: Int) throws -> Dense {
            Dense(weight: try tensor("\(name).weight", [output, input]), bias: try tensor("\(name).bias", [output]))
        }
        func norm(_ name: String) throws -> LayerNorm {
            LayerNorm(
                weight: try tensor("\(name).weight", [hidden]), bias: try tensor("\(name).bias", [hidden]),
                epsilon: configuration.layerNormEpsilon)
        }
        wordEmbedding = try tensor("embeddings.word_embeddings.weight", [configuration.vocabularySize, hidden])
        let positions = try tensor("embeddings.position_embeddings.weight", [configuration.maximumPositions, hidden])
        let types = try tensor("embeddings.token_type_embeddings.weight", [configuration.tokenTypeCount, hidden])
        positionEmbedding = try positions + types[0..<1]
        embeddingNorm = try norm("embeddings.LayerNorm")
        blocks = try (0..<configuration.layerCount).map { index in
            let name = "encoder.layer.\(index)"
            return Block(
                query: try dense("\(name).attention.self.query", hidden, hidden),
                key: try dense("\(name).attention.self.key", hidden, hidden),
                value: try dense("\(name).attention.self.value", hidden, hidden),
                output: try dense("\(name).attention.output.dense", hidden, hidden),
                attentionNorm: try norm("\(name).attention.output.LayerNorm"),
                up: try dense("\(name).intermediate.dense", hidden, configuration.intermediateSize),
                down: try dense("\(name).output.dense", configuration.intermediateSize, hidden),
                outputNorm: try norm("\(name).output.LayerNorm"))
        }
    }

    /// The mean of each text's last hidden states, scaled to length 1.
    ///
    /// - Parameter sequences: token ids including the special tokens; lengths may differ
    /// - Returns: [B, D], float32
    /// - Throws: `ModelError` if a sequence is empty, exceeds the model's positions, or has an id outside the
    ///   vocabulary.
    public func embed(_ sequences: [[Int]]) throws -> Tensor {
        try embed(sequences, .mean(hiddenSize: configuration.hiddenSize))
    }

    /// Each text's vector from a sentence head, which ignores the first `skipped` tokens of each text.
    package func embed(_ sequences: [[Int]], _ head: SentenceHead, skipping skipped: Int = 0) throws -> Tensor {
        let (states, _) = try hiddenStates(sequences)
        return try head(states, counts: sequences.map(\.count), skipping: skipped)
    }

    /// Each token's last hidden state [B, T, D], shorter texts padded on the right, and the mask of tokens that are not
    /// padding, [B, T] bool. Throws as `embed` does.
    package func hiddenStates(_ sequences: [[Int]]) throws -> (states: Tensor, present: Tensor) {
        let longest = sequences.map(\.count).max() ?? 0
        guard !sequences.isEmpty, sequences.allSatisfy({ !$0.isEmpty }) else {
            throw ModelError(.invalid, "an empty text, expected at least one token in each text of a batch")
        }
        guard longest <= configuration.maximumPositions else {
            throw ModelError(
                .doesNotFit, "a text of \(longest) tokens, the encoder has \(configuration.maximumPositions) positions")
        }
        guard sequences.allSatisfy({ $0.allSatisfy { $0 >= 0 && $0 < configuration.vocabularySize } }) else {
            throw ModelError(.invalid, "a token id outside the encoder's vocabulary of \(configuration.vocabularySize)")
        }
        return try withoutGradients {
            let padded = sequences.flatMap { $0 + Array(repeating: 0, count: longest - $0.count) }
            let batch = sequences.count
            let flags = sequences.flatMap { ids in (0..<longest).map { $0 < ids.count } }
            let present = try Tensor(flags, shape: [batch, longest]).to(device: device)
            let mask =
                try longest * batch == sequences.reduce(0) { $0 + $1.count }
                ? nil : present.reshaped([batch, 1, 1, longest])
            var x = try wordEmbedding.embedding(Tensor(padded, shape: [batch, longest]).to(device: device))
            x = try embeddingNorm(x + positionEmbedding[0..<longest])
            for block in blocks {
                x = try block.attentionNorm(x + attention(block, x, mask))
                x = try block.outputNorm(x + block.down(block.up(x).gelu()))
            }
            return (x, present)
        }
    }

    private func attention(_ block: Block, _ x: Tensor, _ mask: Tensor?) throws -> Tensor {
        let shape = x.shape
        func heads(_ projected: Tensor) throws -> Tensor {
            try projected.reshaped([shape[0], shape[1], configuration.headCount, -1]).transposed(1, 2)
        }
        let mixed = try Tensor.attention(
            query: heads(block.query(x)), key: heads(block.key(x)), value: heads(block.value(x)), mask: mask)
        return try block.output(mixed.transposed(1, 2).reshaped(shape))
    }
}
