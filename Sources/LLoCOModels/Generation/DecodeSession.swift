import LLoCOBase
import LLoCOCheckpoints
import LLoCOTokenizers
public import LLoCOTorch

/// Continues one sequence token by token.
///
///     let session = try DecodeSession(model, cache: cache, weights: .lossless)
///     let logits = try session.step(token)    // [V]
///
/// With quantized weights everything is computed into memory that the session keeps, in float32: a step makes no storage
/// of a tensor, but for a page of the cache where one is full. Without, where there are no kernels for the model, or where
/// the cache has more pages than they read, it is computed as `hiddenStates` does.
public final class DecodeSession {
    private let model: Llama
    private let cache: KeyValueCache
    private let adapters: ActiveAdapters
    private let steps: QuantizedSteps?

    /// - Parameters:
    ///   - cache: the positions before, of one sequence; the steps' are added to it. Nobody else adds to it meanwhile.
    ///   - adapters: for use only: they are added as they are, without dropout
    ///   - weights: the quantized copy that is used, made at its first use and kept by the model; nil for the model's own
    ///   - expecting: how many steps there will be, as far as it is known, 0 by default: what they all read is made now
    /// - Throws: `TorchError` where a weight is not finite or too large to be quantized, or memory does not suffice.
    public init(
        _ model: Llama, cache: KeyValueCache, adapters: ActiveAdapters = .none, weights: QuantizedWeight.Bits?,
        expecting: Int = 0
    ) throws {
        self.model = model
        self.cache = cache
        self.adapters = adapters
        steps = try weights.flatMap { try model.quantized($0) }.map {
            try QuantizedSteps(model, weights: $0, cache: cache, adapters: adapters)
        }
        let window = model.configuration.maximumPositions
        for rotary in model.rotaries { try rotary.reserve(min(cache.count + min(expecting, window), window)) }
    }

    /// Whether the steps use quantized weights.
    public var isQuantized: Bool { steps != nil }

    /// The scores [V] of what follows a token; with quantized weights they are overwritten by the next step.
    /// - Throws: `ModelError` for an id outside the vocabulary.
    public func step(_ token: Int) throws -> Tensor {
        try withoutGradients {
            // One page more may begin with the step.
            if let steps, cache.pages.count < Tensor.largestPieceCount { return try steps.step(token) }
            let hidden = try model.hiddenStates(model.embed([token]), cache: cache, adapters: adapters, last: 1)
            return try model.logits(hidden).reshaped([-1])
        }
    }
}

/// Steps with quantized weights.
private final class QuantizedSteps {
    private let model: Llama
    private let cache: KeyValueCache
    private let adapters: ActiveAdapters
    private let embedding: LinearWeight
    private let layers: [Layer]
    private let outputHead: QuantizedWeight

    /// The residual stream and its norm, [1, D]
    private let x: Tensor
    private let normed: Tensor
    /// [1, (H + 2K) · E], and its queries [1, H, E]
    private let projected: Tensor
    private let query: Tensor
    /// Its keys [1, K · E]
    private let key: Tensor
    /// [1, H, E], and joined [1, H · E]
    private let mixed: Tensor
    private let joined: Tensor
    /// What a branch adds to the stream where that is normed first, [1, D]
    private let branch: Tensor
    /// [1, 2 · I] and [1, I]
    private let gateUp: Tensor
    private let gated: Tensor
    /// [1, V], and without its first dimension
    private let logits: Tensor
    private let scores: Tensor
    /// Each layer's keys and values, views that hold as long as the cache's layout and the page that is being filled.
    private var seen: [Llama.Pieces] = []
    private var seenLayout: (layout: Int, page: Int)?

    /// A layer's weights with what is added to their outputs.
    private struct Layer {
        let block: Llama.Block
        let queryKeyValue: Product
        /// Into the stream, or where what they add is normed into ``branch``.
        let output: Product
        let gateUp: Product
        let down: Product
    }

    /// A linear layer into a tensor of the session, or added to one.
    private struct Product {
        let weight: QuantizedWeight
        let bias: Tensor?
        /// The adapters' matrices and the part of the output that they are added to.
        let additions: [(a: Tensor, b: Tensor, scale: Double, output: Tensor)]
        let output: Tensor
        let adds: Bool

        init(
            _ linear: Linear, _ weight: QuantizedWeight, _ adapters: ActiveAdapters, into output: Tensor,
            adding: Bool = false
        ) throws {
            self.weight = weight
            self.output = output
            adds = adding
            // Of the output's dtype: adding another makes a copy at every step.
            bias = try linear.bias?.to(.float32)
            additions = try linear.additions(adapters).map {
                (
                    try $0.a.contiguous(), try $0.b.contiguous(), $0.scale,
                    try output.narrowed(1, start: $0.start, length: $0.b.size(0))
                )
            }
        }

        func callAsFunction(_ x: Tensor) throws {
            try weight.multiply(x, into: output, adding: adds)
            if let bias { try output.add(bias) }
            for part in additions { try x.lowRank(part.a, part.b, scale: part.scale, addedTo: part.output) }
        }
    }

    init(_ model: Llama, weights: QuantizedLlama, cache: KeyValueCache, adapters: ActiveAdapters) throws {
        let configuration = model.configuration
        let (heads, groups, size) = (
            configuration.headCount, configuration.keyValueHeadCount, configuration.headSize
        )
        self.model = model
        self.cache = cache
        embedding = model.embedding
        x = try .empty([1, configuration.hiddenSize])
        normed = try .empty([1, configuration.hiddenSize])
        projected = try .empty([1, (heads + 2 * groups) * size])
        query = try projected.narrowed(1, start: 0, length: heads * size).reshaped([1, heads, size])
        joined = try .empty([1, heads * size])
        mixed = try joined.reshaped([1, heads, size])
        branch = try .empty([1, configuration.hiddenSize])
        gateUp = try .empty([1, 2 * configuration.intermediateSize])
        gated = try .empty([1, configuration.intermediateSize])
        logits = try .empty([1, configuration.vocabularySize])
        scores = try logits.reshaped([-1])
        outputHead = weights.outputHead
        self.adapters = adapters
        key = try projected.narrowed(1, start: heads * size, length: groups * size)
        let (stream, branch) = (x, branch)
        var layers: [Layer] = []
        for (block, quantized) in zip(model.blocks, weights.blocks) {
            func adding(_ linear: Linear, _ weight: QuantizedWeight, normedBy norm: Tensor?) throws -> Product {
                try Product(linear, weight, adapters, into: norm == nil ? stream : branch, adding: norm == nil)
            }
            layers.append(
                Layer(
                    block: block,
                    queryKeyValue: try Product(
                        block.queryKeyValue, quantized.queryKeyValue, adapters, into: projected),
                    output: try adding(block.output, quantized.output, normedBy: block.addedAttentionNorm),
                    gateUp: try Product(block.gateUp, quantized.gateUp, adapters, into: gateUp),
                    down: try adding(block.down, quantized.down, normedBy: block.addedFeedForwardNorm)))
        }
        self.layers = layers
    }

    func step(_ token: Int) throws -> Tensor {
        let configuration = model.configuration
        let groups = configuration.keyValueHeadCount
        guard token >= 0, token < configuration.vocabularySize else {
            throw ModelError(
                .invalid, "token id \(token) is outside the model's vocabulary of \(configuration.vocabularySize)")
        }
        let place = cache.count
        try model.turn(cache, for: place + 1)
        try embedding.embedding(token, into: x)
        if configuration.embeddingScale != 1 { try x.add(x, scaledBy: configuration.embeddingScale - 1) }
        let slot = try cache.begin(1, batch: 1)[0]
        if seenLayout.map({ $0 != (cache.layout, slot.page) }) ?? true {
            seen = try layers.indices.map { try cache.pieces(layer: $0, through: slot.page, of: model) }
            seenLayout = (cache.layout, slot.page)
        }
        let angles = try model.rotaries.map { try $0.angles(start: place, count: 1, length: place + 1) }
        for (index, layer) in layers.enumerated() {
            let block = layer.block
            try layer.queryKeyValue(normed(x, block.attentionNorm))
            try normHeads(block)
            var pieces = seen[index]
            try projected.rotaryAppend(
                cosine: angles[block.rope].cosine, sine: angles[block.rope].sine, heads: configuration.headCount,
                groups: groups, keys: pieces.keys[pieces.keys.count - 1],
                values: pieces.values[pieces.values.count - 1], at: slot.start)
            if let growth = block.description.queryGrowth?.factor(at: place), growth != 1 {
                try query.add(query, scaledBy: growth - 1)
            }
            if let window = block.description.window, place >= window { pieces = try pieces.from(place - window + 1) }
            try query.attention(
                keys: pieces.keys, values: pieces.values, logWeights: pieces.logWeights, biases: pieces.biases,
                last: place + 1 - pieces.starts[pieces.starts.count - 1], scale: block.description.attentionScale,
                into: mixed)
            try layer.output(joined)
            try addBranch(block.addedAttentionNorm)
            try layer.gateUp(normed(x, block.feedForwardNorm))
            switch block.description.activation {
            case .silu: try gateUp.swiGLU(into: gated)
            case .gelu: try gateUp.geGLU(into: gated)
            }
            try layer.down(gated)
            try addBranch(block.addedFeedForwardNorm)
        }
        cache.commit()
        try model.remember(
            .embeddings(model.embed([token]).to(model.dtype), mask: nil, positions: nil, adapters: adapters), in: cache)
        try outputHead.multiply(normed(x, model.norm), into: logits)
        return scores
    }

    /// The stream's norm, or where there is none the stream.
    private func normed(_ x: Tensor, _ weight: Tensor?) throws -> Tensor {
        guard let weight else { return x }
        try x.rmsNorm(weight, epsilon: model.configuration.rmsNormEpsilon, into: normed)
        return normed
    }

    /// Norms queries and keys where they lie, where the layer does so.
    private func normHeads(_ block: Llama.Block) throws {
        guard let queryNorm = block.queryNorm, let keyNorm = block.keyNorm else { return }
        for (part, norm) in [(query, queryNorm), (key, keyNorm)] {
            let heads = try part.reshaped([-1, norm.size(0)])
            try heads.rmsNorm(norm, epsilon: model.configuration.rmsNormEpsilon, into: heads)
        }
    }

    /// Adds the branch to the stream where it is normed first; elsewhere it has been added.
    private func addBranch(_ norm: Tensor?) throws {
        guard let norm else { return }
        try branch.rmsNorm(norm, epsilon: model.configuration.rmsNormEpsilon, into: branch)
        try x.add(branch)
    }
}
