import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOTorch
import Synchronization

/// A decoder: Llama (Touvron et al. 2023), a causal transformer with RMSNorm, rotary positions, grouped key and value
/// heads and a gated feed-forward network, or a family whose layers vary as described by ``LayerDescription``.
///
/// Inputs are embeddings, not ids, so that a document's vectors are ordinary inputs:
///
///     let x = try Tensor.concatenated([vectors.unsqueezed(0), model.embed(ids)], 1)   // [1, n + T, D]
///     let hidden = try model.hiddenStates(x)                                            // [1, n + T, D]
///     let logits = try model.logits(hidden)                                             // [1, n + T, V]
public final class Llama: Sendable {
    /// The decoder's shape.
    public let configuration: LlamaConfiguration
    /// The dtype of the weights and of the computation.
    public let dtype: DType
    /// The device of the weights and of the computation.
    public let device: Device

    /// [V, D]
    let embedding: LinearWeight
    let blocks: [Block]
    let norm: Tensor
    /// [V, D]
    let outputHead: LinearWeight
    /// The distinct ropes of the layers, indexed by ``Block/rope``.
    let rotaries: [RotaryEmbedding]
    /// `LlamaConfiguration.compressedLayers`
    let compressedLayers: [Int]
    /// Quantized copies of the weights; copies share 8-bit weights.
    let quantizedCopies = Mutex<[QuantizedWeight.Bits: QuantizedLlama]>([:])

    /// One transformer layer's weights.
    struct Block: Sendable {
        let description: LayerDescription
        /// The index of the layer's rope.
        let rope: Int
        /// The norms before attention and feed-forward network; nil if the layer has none.
        let attentionNorm: Tensor?
        let feedForwardNorm: Tensor?
        /// The norms of the outputs of attention and feed-forward network; nil if the layer has none.
        let addedAttentionNorm: Tensor?
        let addedFeedForwardNorm: Tensor?
        /// The norms of queries and keys, [E] or [H · E] and [K · E]; nil if the layer has none.
        let queryNorm: Tensor?
        let keyNorm: Tensor?
        /// The query, key and value projections, stacked.
        let queryKeyValue: Linear
        let output: Linear
        /// The gate and up projections, stacked.
        let gateUp: Linear
        let down: Linear
    }

    init(
        configuration: LlamaConfiguration, embedding: LinearWeight, blocks: [Block], norm: Tensor,
        outputHead: LinearWeight, ropes: [Rope?]
    ) {
        self.configuration = configuration
        self.dtype = norm.dtype
        self.device = norm.device
        self.embedding = embedding
        self.blocks = blocks
        self.norm = norm
        self.outputHead = outputHead
        self.compressedLayers = configuration.compressedLayers
        self.rotaries = ropes.map {
            RotaryEmbedding($0, headSize: configuration.headSize, device: norm.device)
        }
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
        if let invalid = flat.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            throw ModelError(
                .invalid, "token id \(invalid) is outside the model's vocabulary of \(configuration.vocabularySize)")
        }
        let indices = try Tensor(flat, shape: [ids.count, ids.first?.count ?? 0]).to(device: device)
        let rows = try embedding.embedding(indices, as: dtype)
        return configuration.embeddingScale == 1 ? rows : try rows * configuration.embeddingScale
    }

    /// The rotary embedding of a layer.
    func rotary(of layer: Int) -> RotaryEmbedding { rotaries[blocks[layer].rope] }

    /// The maximum number of positions per forward pass without gradients. It bounds the activations' memory;
    /// embeddings, cache and mask grow with the prompt.
    ///
    /// Measured on a Zen 5 in bfloat16: chunks of 128 and 256 are 10 to 40 % slower, of 512 about 5 %, of 2,048 up to
    /// 3 %; a whole prompt at once is slower from 4,096 positions on.
    package static let chunk = 1024

    /// The hidden states after the final norm.
    ///
    /// - Parameters:
    ///   - embeddings: [B, T, D], converted to the model's dtype
    ///   - cache: the positions before these; these are appended
    ///   - mask: the keys to attend to, [B, count + T] bool, cached positions first; nil for all. Position ids do not
    ///     depend on the mask.
    ///   - positions: the position ids [B][T]; by default consecutive after the cache's
    ///   - adapters: the adapters applied in this call
    ///   - last: the number of positions, the last ones, to return states for; nil for all. The last layer computes
    ///     only keys and values for the other positions.
    ///   - recomputes: whether to use gradient checkpointing per layer: a step over 1,500 positions took 14 % more time
    ///     and half of the memory
    ///   - queries: a record for queries; nil for none
    /// - Returns: [B, last, D], in the model's dtype
    /// - Throws: `ModelError` for embeddings, a mask or positions of unexpected shape, or a cache of another number of
    ///   sequences; `TorchError` if memory runs out; `CancellationError` between two chunks if the task is cancelled.
    ///   Then the cache is unchanged.
    public func hiddenStates(
        _ embeddings: Tensor, cache: KeyValueCache? = nil, mask: Tensor? = nil, positions: [[Int]]? = nil,
        adapters: ActiveAdapters = .none, last: Int? = nil, recomputes: Bool = false, queries: QueryRecord? = nil
    ) throws -> Tensor {
        // A training step always completes; other calls stop between two chunks if the task is cancelled.
        if !gradientsAreRecorded { try Task.checkCancellation() }
        return try chunkedStates(
            embeddings, cache: cache, mask: mask, positions: positions, adapters: adapters, last: last,
            recomputes: recomputes, queries: queries)
    }

    /// `hiddenStates` without the cancellation check before the first chunk.
    func chunkedStates(
        _ embeddings: Tensor, cache: KeyValueCache?, mask: Tensor? = nil, positions: [[Int]]? = nil,
        adapters: ActiveAdapters, last: Int?, recomputes: Bool = false, queries: QueryRecord? = nil
    ) throws -> Tensor {
        let shape = embeddings.shape
        guard shape.count == 3, shape[1] > 0, shape[2] == configuration.hiddenSize else {
            throw ModelError(.invalid, "embeddings of shape \(shape), expected [B, T > 0, \(configuration.hiddenSize)]")
        }
        let length = max((cache?.count ?? 0) + shape[1], (positions?.joined().max() ?? -1) + 1)
        let converted = try embeddings.to(dtype, device: device)
        try cache.map { try recompute($0, forLength: length) }
        let result = try states(
            converted, cache: cache, mask: mask, positions: positions, adapters: adapters, last: last,
            recomputes: recomputes, queries: queries, length: length)
        remember(.embeddings(converted, mask: mask, positions: positions, adapters: adapters), in: cache)
        return result
    }

    /// The hidden states of embeddings in the model's dtype, in a sequence of a length.
    func states(
        _ embeddings: Tensor, cache: KeyValueCache?, mask: Tensor?, positions: [[Int]]?, adapters: ActiveAdapters,
        last: Int?, recomputes: Bool, queries: QueryRecord?, length: Int
    ) throws -> Tensor {
        let shape = embeddings.shape
        let (batch, count, past) = (shape[0], shape[1], cache?.count ?? 0)
        let last = min(last ?? count, count)
        let input = PassInput(
            embeddings: embeddings, past: past,
            angles: try rotaries.map {
                if let positions { return try $0.angles(of: positions, length: length) }
                return try $0.angles(start: past, count: count, length: length)
            },
            growth: try growth(of: positions ?? [Array(past..<past + count)]),
            mask: try visibility(count: count, past: past, mask: mask), queries: queries)
        if gradientsAreRecorded || count <= Self.chunk {
            return try pass(input, cache, adapters, last: last, recomputes: recomputes && gradientsAreRecorded)
        }
        // Chunks share a cache: the caller's or a temporary one.
        let cache = cache ?? KeyValueCache(layerCount: configuration.layerCount)
        var states: [Tensor] = []
        do {
            for start in stride(from: 0, to: count, by: Self.chunk) {
                if start > 0 { try Task.checkCancellation() }
                let end = min(start + Self.chunk, count)
                let lastInChunk = max(0, min(end - start, end - (count - last)))
                let part = try pass(
                    input.narrowed(to: start..<end), cache, adapters, last: lastInChunk)
                if lastInChunk > 0 { states.append(part) }
            }
        } catch {
            // A failed call leaves the cache unchanged.
            cache.truncate(to: past)
            throw error
        }
        if states.isEmpty { return try .empty([batch, 0, shape[2]], dtype: dtype, device: device) }
        return states.count == 1 ? states[0] : try .concatenated(states, 1)
    }

    /// The next token's logits: hidden states [..., D] to [..., V].
    public func logits(_ hidden: Tensor) throws -> Tensor {
        try hidden.linear(outputHead)
    }

    /// Calls `body` with the logits [n, V] of hidden states [N, D], n rows at a time in order, so that the logits of
    /// all rows never exist at once.
    package func eachLogits(
        of hidden: Tensor, _ body: (_ logits: Tensor, _ rows: Range<Int>) throws -> Void
    ) throws {
        for rows in hidden.rowRanges(forLogitsWith: outputHead) { try body(logits(hidden[rows]), rows) }
    }

    /// The cross-entropy Σ -log p(target), in nats. The logits of all positions never exist at once.
    ///
    /// - Parameters:
    ///   - hidden: [N, D], the hidden states that predict the targets
    ///   - targets: [N], token ids
    /// - Returns: the sum over all N; not finite if a logit is not
    /// - Throws: `TorchError` for unexpected shapes, or a target outside the vocabulary.
    public func crossEntropy(_ hidden: Tensor, targets: [Int]) throws -> Double {
        try hidden.linearCrossEntropy(outputHead, Tensor(targets).to(device: device))
    }

    /// The cross-entropy Σ -log p(target), in nats, and the gradient of gradientScale · sum with respect to the hidden
    /// states: [N, D] in their dtype.
    public func crossEntropy(
        _ hidden: Tensor, targets: [Int], gradientScale: Double
    ) throws -> (sum: Double, gradient: Tensor) {
        try hidden.linearCrossEntropy(outputHead, Tensor(targets).to(device: device), gradientScale: gradientScale)
    }

    /// The cross-entropy with soft targets, Σ -share · log p(target), in nats, and the gradient of gradientScale · sum
    /// with respect to the hidden states: [N, D].
    ///
    /// - Parameters:
    ///   - hidden: [N, D]
    ///   - targets: [N, K] int64, distinct within a row, K at most 128
    ///   - shares: [N, K], the targets' probabilities
    public func crossEntropy(
        _ hidden: Tensor, targets: Tensor, shares: Tensor, gradientScale: Double
    ) throws -> (sum: Double, gradient: Tensor) {
        try hidden.linearCrossEntropy(outputHead, targets, shares: shares, gradientScale: gradientScale)
    }

    /// The attention mask [B, 1, T, past + T] bool; nil for a plain causal mask.
    private func visibility(count: Int, past: Int, mask: Tensor?) throws -> Tensor? {
        guard let mask else { return nil }
        let shape = mask.shape
        guard shape.count == 2, shape[1] == past + count else {
            throw ModelError(.invalid, "a key mask of shape \(shape), expected [B, \(past + count)]")
        }
        // Query t, at position past + t, attends to keys 0...past + t.
        let causal = try Tensor.ones([count, past + count], dtype: .bool, device: device).lowerTriangle(diagonal: past)
        let keys = try mask.to(device: device).unsqueezed(1).unsqueezed(1)
        // A query without any visible key (padding before the text) would have an undefined output, so every query
        // attends to itself, the last key of the causal mask.
        let itself = try causal.upperTriangle(diagonal: past)
        return try keys.logicalAnd(causal).logicalOr(itself)
    }
}
