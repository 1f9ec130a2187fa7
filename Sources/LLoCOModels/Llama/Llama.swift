import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOTorch
import Synchronization

/// A decoder: Llama (Touvron et al. 2023), a causal transformer with RMSNorm, rotary positions, grouped key and value heads
/// and a gated feed-forward network, or a family whose layers differ from it as ``LayerDescription`` says.
///
/// Its input is embeddings, not ids, so that a document's vectors are ordinary input:
///
///     let x = try Tensor.concatenated([vectors.unsqueezed(0), model.embed(ids)], 1)   // [1, n + T, D]
///     let hidden = try model.hiddenStates(x)                                            // [1, n + T, D]
///     let logits = try model.logits(hidden)                                             // [1, n + T, V]
public final class Llama: Sendable {
    /// The decoder's shape.
    public let configuration: LlamaConfiguration
    /// The dtype of the weights and of the computation.
    public let dtype: DType
    /// Where it computes.
    public let device: Device

    /// [V, D]
    let embedding: LinearWeight
    let blocks: [Block]
    let norm: Tensor
    /// [V, D]
    let outputHead: LinearWeight
    /// The ropes that layers have, each once; ``Block/rope`` says which.
    let rotaries: [RotaryEmbedding]
    /// `LlamaConfiguration.compressedLayers`
    let compressedLayers: [Int]
    /// Weights of 8 bits are shared by all copies that have them.
    let quantizedCopies = Mutex<[QuantizedWeight.Bits: QuantizedLlama]>([:])

    /// One transformer layer's weights.
    struct Block: Sendable {
        let description: LayerDescription
        /// Which of the model's ropes turns its queries and keys.
        let rope: Int
        /// Norms of what attention and the feed-forward network read, nil where there are none
        let attentionNorm: Tensor?
        let feedForwardNorm: Tensor?
        /// Norms of what they add to the residual stream, nil where there are none
        let addedAttentionNorm: Tensor?
        let addedFeedForwardNorm: Tensor?
        /// Norms of queries and keys, [E] or [H · E] and [K · E]; nil where there are none
        let queryNorm: Tensor?
        let keyNorm: Tensor?
        /// the query, key and value projections below one another
        let queryKeyValue: Linear
        let output: Linear
        /// gate above up
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
        if let foreign = flat.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            throw ModelError(
                .invalid, "token id \(foreign) is outside the model's vocabulary of \(configuration.vocabularySize)")
        }
        let indices = try Tensor(flat, shape: [ids.count, ids.first?.count ?? 0]).to(device: device)
        let rows = try embedding.embedding(indices, as: dtype)
        return configuration.embeddingScale == 1 ? rows : try rows * configuration.embeddingScale
    }

    /// What turns a layer's queries and keys.
    func rotary(of layer: Int) -> RotaryEmbedding { rotaries[blocks[layer].rope] }

    /// Positions that a pass computes at a time where no gradient is recorded. What lies between a layer's input and output
    /// is held for so many at most; embeddings, cache and mask grow with the prompt.
    ///
    /// Measured on a Zen 5 in bfloat16: chunks of 128 and 256 are 10 to 40 % slower, of 512 some 5 %, of 2,048 within 3 %;
    /// a whole prompt at once is slower from 4,096 positions on.
    package static let chunk = 1024

    /// The hidden states after the final norm.
    ///
    /// - Parameters:
    ///   - embeddings: [B, T, D], converted to the model's dtype
    ///   - cache: positions that come before these; they are continued and these are added
    ///   - mask: which keys may be seen, [B, count + T] bool, cached positions first; nil for all. Position numbers
    ///     do not depend on it.
    ///   - positions: the position numbers [B][T]; by default they follow the cache's
    ///   - adapters: what is added to the linear layers in this call
    ///   - last: of how many positions, the last ones, the states are wanted; nil for all. Of the others only that is
    ///     computed which later positions see.
    ///   - recomputes: whether gradients keep each layer's input alone and compute the layer once more: a step over 1,500
    ///     positions took 14 % more time and half of the memory
    ///   - queries: where queries are kept
    /// - Returns: [B, last, D], of the model's dtype
    /// - Throws: `ModelError` for embeddings, a mask or positions of another shape, or where the cache is of another
    ///   number of sequences, `TorchError` where memory does not suffice, `CancellationError` within a chunk where the task is
    ///   cancelled. The cache holds what it held before then.
    public func hiddenStates(
        _ embeddings: Tensor, cache: KeyValueCache? = nil, mask: Tensor? = nil, positions: [[Int]]? = nil,
        adapters: ActiveAdapters = .none, last: Int? = nil, recomputes: Bool = false, queries: QueryRecord? = nil
    ) throws -> Tensor {
        // A training step ends as a whole; anything else stops between two chunks where the task is cancelled.
        if !gradientsAreRecorded { try Task.checkCancellation() }
        return try chunkedStates(
            embeddings, cache: cache, mask: mask, positions: positions, adapters: adapters, last: last,
            recomputes: recomputes, queries: queries)
    }

    /// The same, which a cancelled task does not keep from its first chunk.
    func chunkedStates(
        _ embeddings: Tensor, cache: KeyValueCache?, mask: Tensor? = nil, positions: [[Int]]? = nil,
        adapters: ActiveAdapters, last: Int?, recomputes: Bool = false, queries: QueryRecord? = nil
    ) throws -> Tensor {
        let shape = embeddings.shape
        guard shape.count == 3, shape[1] > 0, shape[2] == configuration.hiddenSize else {
            throw ModelError(.invalid, "embeddings of shape \(shape), expected [B, T > 0, \(configuration.hiddenSize)]")
        }
        let length = max((cache?.count ?? 0) + shape[1], (positions?.joined().max() ?? -1) + 1)
        let own = try embeddings.to(dtype, device: device)
        try cache.map { try turn($0, for: length) }
        let result = try states(
            own, cache: cache, mask: mask, positions: positions, adapters: adapters, last: last,
            recomputes: recomputes, queries: queries, length: length)
        remember(.embeddings(own, mask: mask, positions: positions, adapters: adapters), in: cache)
        return result
    }

    /// The same of embeddings in the model's dtype, in a sequence of a length.
    func states(
        _ embeddings: Tensor, cache: KeyValueCache?, mask: Tensor?, positions: [[Int]]?, adapters: ActiveAdapters,
        last: Int?, recomputes: Bool, queries: QueryRecord?, length: Int
    ) throws -> Tensor {
        let shape = embeddings.shape
        let (batch, count, past) = (shape[0], shape[1], cache?.count ?? 0)
        let wanted = min(last ?? count, count)
        let input = PassInput(
            embeddings: embeddings, past: past,
            angles: try rotaries.map {
                if let positions { return try $0.angles(of: positions, length: length) }
                return try $0.angles(start: past, count: count, length: length)
            },
            growth: try growth(of: positions ?? [Array(past..<past + count)]),
            mask: try visibility(count: count, past: past, mask: mask), queries: queries)
        if gradientsAreRecorded || count <= Self.chunk {
            return try pass(input, cache, adapters, last: wanted, recomputes: recomputes && gradientsAreRecorded)
        }
        // What the chunks before have seen is in a cache, the caller's or one for this call.
        let cache = cache ?? KeyValueCache(layerCount: configuration.layerCount)
        var states: [Tensor] = []
        do {
            for start in stride(from: 0, to: count, by: Self.chunk) {
                if start > 0 { try Task.checkCancellation() }
                let end = min(start + Self.chunk, count)
                let wantedHere = max(0, min(end - start, end - (count - wanted)))
                let part = try pass(
                    input.narrowed(to: start..<end), cache, adapters, last: wantedHere)
                if wantedHere > 0 { states.append(part) }
            }
        } catch {
            // A failed call adds nothing.
            cache.truncate(to: past)
            throw error
        }
        if states.isEmpty { return try .empty([batch, 0, shape[2]], dtype: dtype, device: device) }
        return states.count == 1 ? states[0] : try .concatenated(states, 1)
    }

    /// Scores of the next token: hidden states [..., D] to [..., V].
    public func logits(_ hidden: Tensor) throws -> Tensor {
        try hidden.linear(outputHead)
    }

    /// The scores [n, V] of hidden states [N, D], n rows at a time in their order, so that those of all never exist at once.
    package func eachLogits(
        of hidden: Tensor, _ body: (_ logits: Tensor, _ rows: Range<Int>) throws -> Void
    ) throws {
        for rows in hidden.partsToScore(with: outputHead) { try body(logits(hidden[rows]), rows) }
    }

    /// Σ -log p(target), in nats, without ever holding the scores of all positions.
    ///
    /// - Parameters:
    ///   - hidden: [N, D], the hidden states that predict the targets
    ///   - targets: [N], ids of the vocabulary
    /// - Returns: the sum over all N; not finite where a score is not
    /// - Throws: `TorchError` for other shapes, or a target outside the vocabulary.
    public func crossEntropy(_ hidden: Tensor, targets: [Int]) throws -> Double {
        try hidden.linearCrossEntropy(outputHead, Tensor(targets).to(device: device))
    }

    /// The same with the gradient of gradientScale · sum with respect to the hidden states: [N, D] in their dtype.
    public func crossEntropy(
        _ hidden: Tensor, targets: [Int], gradientScale: Double
    ) throws -> (sum: Double, gradient: Tensor) {
        try hidden.linearCrossEntropy(outputHead, Tensor(targets).to(device: device), gradientScale: gradientScale)
    }

    /// The cross-entropy with shares of several tokens: Σ -share · log p(target), in nats, and the gradient of scale · sum
    /// with respect to the hidden states, [N, D].
    ///
    /// - Parameters:
    ///   - hidden: [N, D]
    ///   - targets: [N, K] int64, distinct in a row, at most 128 of them
    ///   - shares: [N, K]
    public func crossEntropy(
        _ hidden: Tensor, targets: Tensor, shares: Tensor, gradientScale: Double
    ) throws -> (sum: Double, gradient: Tensor) {
        try hidden.linearCrossEntropy(outputHead, targets, shares: shares, gradientScale: gradientScale)
    }

    /// Which keys each query sees, [B, 1, T, past + T] bool; nil where it sees all up to itself, which needs no mask.
    private func visibility(count: Int, past: Int, mask: Tensor?) throws -> Tensor? {
        guard let mask else { return nil }
        let shape = mask.shape
        guard shape.count == 2, shape[1] == past + count else {
            throw ModelError(.invalid, "a key mask of shape \(shape), expected [B, \(past + count)]")
        }
        // Query t, at position past + t, sees keys 0...past + t.
        let causal = try Tensor.ones([count, past + count], dtype: .bool, device: device).lowerTriangle(diagonal: past)
        let keys = try mask.to(device: device).unsqueezed(1).unsqueezed(1)
        // A query that sees no key at all (padding before the text) would have no defined output: it sees itself, which
        // is the last key that is not later.
        let itself = try causal.upperTriangle(diagonal: past)
        return try keys.logicalAnd(causal).logicalOr(itself)
    }
}
