public import Checkpoints
public import Torch

/// The Llama decoder (Touvron et al. 2023): a causal transformer with RMSNorm, rotary positions, grouped key and value
/// heads and a SwiGLU feed-forward network.
///
/// Its input is embeddings, not ids, so that a document's vectors are ordinary input:
///
///     let x = try Tensor.concatenated([vectors.unsqueezed(0), model.embed(ids)], 1)   // [1, n + T, D]
///     let hidden = try model.hiddenStates(x)                                            // [1, n + T, D]
///     let logits = try model.logits(hidden)                                             // [1, n + T, V]
public final class Llama: Sendable {
    public let configuration: LlamaConfiguration
    /// The dtype of the weights and of the computation.
    public let dtype: DType
    public let device: Device

    let embedding: Tensor
    let blocks: [Block]
    let norm: Tensor
    let outputHead: Tensor
    let rotary: RotaryEmbedding

    /// One transformer layer's weights.
    struct Block: Sendable {
        let attentionNorm: Tensor
        let query: Linear
        let key: Linear
        let value: Linear
        let output: Linear
        let feedForwardNorm: Tensor
        let gate: Linear
        let up: Linear
        let down: Linear
    }

    init(
        configuration: LlamaConfiguration, embedding: Tensor, blocks: [Block], norm: Tensor, outputHead: Tensor
    ) {
        self.configuration = configuration
        self.dtype = embedding.dtype
        self.device = embedding.device
        self.embedding = embedding
        self.blocks = blocks
        self.norm = norm
        self.outputHead = outputHead
        self.rotary = RotaryEmbedding(configuration, dtype: embedding.dtype, device: embedding.device)
    }

    /// The input embeddings of one sequence: [1, T, D].
    /// - Throws: `ModelError` for an id outside the vocabulary.
    public func embed(_ ids: [Int]) throws -> Tensor {
        try embed([ids])
    }

    /// The input embeddings of sequences of one length: [B, T, D].
    /// - Throws: `ModelError` for an id outside the vocabulary.
    public func embed(_ ids: [[Int]]) throws -> Tensor {
        let flat = ids.flatMap { $0 }
        if let foreign = flat.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            throw ModelError("token id \(foreign) is outside the model's vocabulary of \(configuration.vocabularySize)")
        }
        let indices = try Tensor(flat, shape: [ids.count, ids.first?.count ?? 0]).to(device: device)
        return try embedding.embedding(indices)
    }

    /// The hidden states after the final norm.
    ///
    /// - Parameters:
    ///   - embeddings: [B, T, D], converted to the model's dtype
    ///   - cache: positions that come before these; they are continued and these are added
    ///   - mask: which keys may be seen, [B, count + T] bool, cached positions first; nil for all. Position numbers
    ///     do not depend on it.
    ///   - positions: the position numbers [B][T]; by default they follow the cache's
    ///   - adapters: what is added to the linear layers in this call
    /// - Returns: [B, T, D]
    public func hiddenStates(
        _ embeddings: Tensor, cache: KeyValueCache? = nil, mask: Tensor? = nil, positions: [[Int]]? = nil,
        adapters: ActiveAdapters = .none
    ) throws -> Tensor {
        let shape = embeddings.shape
        guard shape.count == 3, shape[1] > 0, shape[2] == configuration.hiddenSize else {
            throw ModelError("embeddings of shape \(shape), expected [B, T > 0, \(configuration.hiddenSize)]")
        }
        let (count, past) = (shape[1], cache?.count ?? 0)
        let angles =
            try positions.map { try rotary.angles(of: $0) } ?? rotary.angles(start: past, count: count)
        let visible = try visibility(count: count, past: past, mask: mask)
        var x = try embeddings.to(dtype, device: device)
        for (layer, block) in blocks.enumerated() {
            x = try x + attention(layer, block, x, angles, visible, cache, adapters)
            x = try x + feedForward(block, x, adapters)
        }
        cache?.commit()
        return try x.rmsNorm(norm, epsilon: configuration.rmsNormEpsilon)
    }

    /// Scores of the next token: hidden states [..., D] to [..., V].
    public func logits(_ hidden: Tensor) throws -> Tensor {
        try hidden.linear(outputHead)
    }

    private func attention(
        _ layer: Int, _ block: Block, _ x: Tensor, _ angles: (cosine: Tensor, sine: Tensor), _ visible: Visibility,
        _ cache: KeyValueCache?, _ adapters: ActiveAdapters
    ) throws -> Tensor {
        let shape = x.shape
        let (batch, count) = (shape[0], shape[1])
        let (heads, groups, size) = (
            configuration.headCount, configuration.keyValueHeadCount, configuration.headSize
        )
        let normed = try x.rmsNorm(block.attentionNorm, epsilon: configuration.rmsNormEpsilon)
        func split(_ projected: Tensor, _ number: Int) throws -> Tensor {
            try projected.reshaped([batch, count, number, size]).transposed(1, 2)
        }
        let query = try split(block.query(normed, adapters), heads)
            .rotary(cosine: angles.cosine, sine: angles.sine)
        var key = try split(block.key(normed, adapters), groups)
            .rotary(cosine: angles.cosine, sine: angles.sine)
        var value = try split(block.value(normed, adapters), groups)
        if let cache { (key, value) = try cache.append(layer: layer, keys: key, values: value) }
        let mixed = try Tensor.attention(
            query: query, key: key, value: value, mask: visible.mask, causal: visible.isCausal)
        return try block.output(
            mixed.transposed(1, 2).reshaped([batch, count, heads * size]), adapters)
    }

    private func feedForward(_ block: Block, _ x: Tensor, _ adapters: ActiveAdapters) throws -> Tensor {
        let normed = try x.rmsNorm(block.feedForwardNorm, epsilon: configuration.rmsNormEpsilon)
        let gate = try block.gate(normed, adapters).silu()
        return try block.down(gate * block.up(normed, adapters), adapters)
    }

    /// Which keys each query sees: as a flag where that is enough, because attention is fastest then.
    private struct Visibility {
        let mask: Tensor?
        let isCausal: Bool
    }

    private func visibility(count: Int, past: Int, mask: Tensor?) throws -> Visibility {
        guard past > 0 || mask != nil else { return Visibility(mask: nil, isCausal: count > 1) }
        if count == 1, mask == nil { return Visibility(mask: nil, isCausal: false) }
        // Query t, at position past + t, sees keys 0...past + t.
        let causal = try Tensor.ones([count, past + count], dtype: .bool, device: device).lowerTriangle(diagonal: past)
        guard let mask else { return Visibility(mask: causal, isCausal: false) }
        let shape = mask.shape
        guard shape.count == 2, shape[1] == past + count else {
            throw ModelError("a key mask of shape \(shape), expected [B, \(past + count)]")
        }
        let keys = try mask.to(device: device).unsqueezed(1).unsqueezed(1)
        // A query that sees no key at all (padding before the text) would have no defined output: it sees itself, which
        // is the last key that is not later.
        let itself = try causal.upperTriangle(diagonal: past)
        return Visibility(mask: try keys.logicalAnd(causal).logicalOr(itself), isCausal: false)
    }
}
