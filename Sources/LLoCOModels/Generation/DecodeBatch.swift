import LLoCOBase
import LLoCOCheckpoints
import LLoCOTokenizers
public import LLoCOTorch

/// Batched decoding: each step continues several sequences by a token and reads the weights once for all of them.
///
///     let batch = DecodeBatch(model, weights: .lossless)
///     let first = try batch.sequence(continuing: cache, adapters: adapters)
///     let logits = try batch.step([(first, token), (second, other)])    // [V] each
///
/// Each sequence has its own cache, length and adapters. Each step may continue other sequences than the one before.
///
/// With quantized weights a step computes in preallocated float32 buffers. A step of the same sequences as the one
/// before allocates no tensor storage, except for a new page of a full cache. Three cases compute a sequence alone, as
/// `hiddenStates` does: no quantized weights, no kernels for the model, or a cache with more pages than the kernels
/// support.
public final class DecodeBatch {
    private let model: Llama
    private let steps: QuantizedSteps?
    private var sequenceCount = 0

    /// A sequence that the batch continues.
    public final class Sequence {
        /// The cached positions; steps append to them. Nothing else may append meanwhile.
        public let cache: KeyValueCache
        /// The adapters, applied without dropout.
        public let adapters: ActiveAdapters
        /// The sequence's number in the batch.
        fileprivate let number: Int
        /// Each layer's keys and values: views that are valid while the cache's layout and the page being filled are
        /// the same.
        fileprivate var pieces: [Llama.Pieces] = []
        fileprivate var piecesLayout: (layout: Int, page: Int)?

        fileprivate init(_ cache: KeyValueCache, _ adapters: ActiveAdapters, number: Int) {
            self.cache = cache
            self.adapters = adapters
            self.number = number
        }
    }

    /// Creates a batch without sequences.
    ///
    /// - Parameter weights: the quantized copy to use, created at first use and kept by the model; nil for the model's
    ///   weights
    /// - Throws: `TorchError` if a weight is not finite or too large to be quantized, or memory runs out.
    public init(_ model: Llama, weights: QuantizedWeight.Bits?) throws {
        self.model = model
        steps = try weights.flatMap { try model.quantized($0) }.map { QuantizedSteps(model, weights: $0) }
    }

    /// Whether the steps use quantized weights.
    public var isQuantized: Bool { steps != nil }

    /// Creates a sequence to continue.
    ///
    /// - Parameter expecting: the expected number of steps, 0 by default; rotary angles for them are computed in
    ///   advance
    /// - Throws: `TorchError` if memory runs out.
    public func sequence(
        continuing cache: KeyValueCache, adapters: ActiveAdapters = .none, expecting: Int = 0
    ) throws -> Sequence {
        let window = model.configuration.maximumPositions
        for rotary in model.rotaries { try rotary.reserve(min(cache.count + min(expecting, window), window)) }
        sequenceCount += 1
        return Sequence(cache, adapters, number: sequenceCount)
    }

    /// Runs a step and returns the next token's logits [V] for each sequence, in order. With quantized weights the next
    /// step overwrites them.
    ///
    /// - Parameter tokens: sequences of this batch, each at most once, with the token that follows the cached positions
    /// - Throws: `ModelError` for an id outside the vocabulary, before any sequence is continued; `TorchError` if
    ///   memory runs out.
    public func step(_ tokens: [(sequence: Sequence, token: Int)]) throws -> [Tensor] {
        let size = model.configuration.vocabularySize
        if let invalid = tokens.first(where: { $0.token < 0 || $0.token >= size }) {
            throw ModelError(.invalid, "token id \(invalid.token) is outside the model's vocabulary of \(size)")
        }
        return try withoutGradients {
            // Operations that may fail come before any position is added, so that a step continues all sequences or
            // none.
            for entry in tokens { try model.recompute(entry.sequence.cache, forLength: entry.sequence.cache.count + 1) }
            // The step may begin one more page.
            let isBatched = tokens.map { steps != nil && $0.sequence.cache.pages.count < Tensor.maximumPieceCount }
            let batched = zip(tokens, isBatched).filter(\.1).map(\.0)
            var logits = try (steps?.step(batched) ?? [])[...]
            return try zip(tokens, isBatched).map { entry, isBatched in
                if isBatched { return logits.removeFirst() }
                // Without a cancellation check: a cancelled task ends after the step.
                let hidden = try model.chunkedStates(
                    model.embed([entry.token]), cache: entry.sequence.cache, adapters: entry.sequence.adapters, last: 1)
                return try model.logits(hidden).reshaped([-1])
            }
        }
    }
}

/// Steps with quantized weights.
private final class QuantizedSteps {
    private typealias Entry = (sequence: DecodeBatch.Sequence, token: Int)

    private let model: Llama
    private let weights: QuantizedLlama
    private var storage: Storage?
    private var rows: Rows?

    init(_ model: Llama, weights: QuantizedLlama) {
        self.model = model
        self.weights = weights
    }

    /// The buffers of a step for up to M sequences.
    private struct Storage {
        let capacity: Int
        /// The residual stream and its norm, [M, D].
        let x: Tensor
        let normed: Tensor
        /// [M, (H + 2K) · E]
        let projected: Tensor
        /// [M, H · E]
        let joined: Tensor
        /// The output of attention or feed-forward network if it is normed before it is added to the stream, [M, D].
        let branch: Tensor
        /// [M, 2 · I] and [M, I]
        let gateUp: Tensor
        let gated: Tensor
        /// [M, V]
        let logits: Tensor

        init(_ configuration: LlamaConfiguration, capacity: Int) throws {
            let (heads, groups, size) = (
                configuration.headCount, configuration.keyValueHeadCount, configuration.headSize
            )
            self.capacity = capacity
            x = try .empty([capacity, configuration.hiddenSize])
            normed = try .empty([capacity, configuration.hiddenSize])
            projected = try .empty([capacity, (heads + 2 * groups) * size])
            joined = try .empty([capacity, heads * size])
            branch = try .empty([capacity, configuration.hiddenSize])
            gateUp = try .empty([capacity, 2 * configuration.intermediateSize])
            gated = try .empty([capacity, configuration.intermediateSize])
            logits = try .empty([capacity, configuration.vocabularySize])
        }

        /// Creates views of the first rows of another storage.
        init(first count: Int, of whole: Storage) throws {
            func first(_ tensor: Tensor) throws -> Tensor {
                count == whole.capacity ? tensor : try tensor.narrowed(0, start: 0, length: count)
            }
            capacity = count
            x = try first(whole.x)
            normed = try first(whole.normed)
            projected = try first(whole.projected)
            joined = try first(whole.joined)
            branch = try first(whole.branch)
            gateUp = try first(whole.gateUp)
            gated = try first(whole.gated)
            logits = try first(whole.logits)
        }
    }

    /// The buffers' rows for the sequences of a step, grouped by adapters, with the layers' products over them.
    private struct Rows {
        /// The sequences' numbers.
        let sequences: [Int]
        let buffers: Storage
        /// The output head's inputs and outputs, up to one product's maximum of rows each.
        let scoring: [(input: Tensor, output: Tensor)]
        /// All rows' queries [m · H, E] and keys [m, K · E].
        let queries: Tensor
        let keys: Tensor
        let layers: [Layer]
        /// Each sequence's row, in the sequences' order.
        let single: [Single]

        /// One sequence's row.
        struct Single {
            /// [1, D]
            let x: Tensor
            /// [1, (H + 2K) · E], and its queries [1, H, E].
            let projected: Tensor
            let query: Tensor
            /// [1, H, E]
            let mixed: Tensor
            /// [V]
            let logits: Tensor
        }

        init(
            _ model: Llama, _ weights: QuantizedLlama, _ storage: Storage, _ sequences: [DecodeBatch.Sequence]
        ) throws {
            let configuration = model.configuration
            let (heads, groups, size) = (
                configuration.headCount, configuration.keyValueHeadCount, configuration.headSize
            )
            let count = sequences.count
            let buffers = try Storage(first: count, of: storage)
            self.buffers = buffers
            queries = try buffers.projected.narrowed(1, start: 0, length: heads * size)
            keys = try buffers.projected.narrowed(1, start: heads * size, length: groups * size)
            self.sequences = sequences.map(\.number)
            // Sequences with the same adapters get adjacent rows, in order.
            var adapterGroups: [(adapters: ActiveAdapters, members: [Int])] = []
            for (index, sequence) in sequences.enumerated() {
                let group = adapterGroups.firstIndex {
                    $0.adapters.list.elementsEqual(sequence.adapters.list, by: ===)
                }
                if let group {
                    adapterGroups[group].members.append(index)
                } else {
                    adapterGroups.append((sequence.adapters, [index]))
                }
            }
            var rowIndices = Array(repeating: 0, count: count)
            var ranges: [(adapters: ActiveAdapters, rows: Range<Int>)] = []
            var next = 0
            for group in adapterGroups {
                ranges.append((group.adapters, next..<next + group.members.count))
                for member in group.members {
                    rowIndices[member] = next
                    next += 1
                }
            }
            scoring = try Product.parts(buffers.normed, buffers.logits)
            layers = try zip(model.blocks, weights.blocks).map { block, quantized in
                func adding(
                    _ linear: Linear, _ weight: QuantizedWeight, of x: Tensor, normedBy norm: Tensor?
                ) throws -> Product {
                    try Product(
                        linear, weight, ranges, of: x, into: norm == nil ? buffers.x : buffers.branch,
                        adding: norm == nil)
                }
                return Layer(
                    block: block,
                    queryKeyValue: try Product(
                        block.queryKeyValue, quantized.queryKeyValue, ranges,
                        of: block.attentionNorm == nil ? buffers.x : buffers.normed, into: buffers.projected),
                    output: try adding(
                        block.output, quantized.output, of: buffers.joined, normedBy: block.addedAttentionNorm),
                    gateUp: try Product(
                        block.gateUp, quantized.gateUp, ranges,
                        of: block.feedForwardNorm == nil ? buffers.x : buffers.normed, into: buffers.gateUp),
                    down: try adding(
                        block.down, quantized.down, of: buffers.gated, normedBy: block.addedFeedForwardNorm))
            }
            single = try rowIndices.map { row in
                func one(_ tensor: Tensor) throws -> Tensor {
                    count == 1 ? tensor : try tensor.narrowed(0, start: row, length: 1)
                }
                let projected = try one(buffers.projected)
                return Single(
                    x: try one(buffers.x), projected: projected,
                    query: try projected.narrowed(1, start: 0, length: heads * size).reshaped([1, heads, size]),
                    mixed: try one(buffers.joined).reshaped([1, heads, size]),
                    logits: try one(buffers.logits).reshaped([-1]))
            }
        }
    }

    /// A layer's products.
    private struct Layer {
        let block: Llama.Block
        let queryKeyValue: Product
        /// `output` and `down` add to the stream, or write to ``Storage/branch`` if their outputs are normed.
        let output: Product
        let gateUp: Product
        let down: Product
    }

    /// A linear layer over the rows, written or added to a buffer.
    private struct Product {
        let weight: QuantizedWeight
        let bias: Tensor?
        /// The adapters' matrices, their input rows, and the part of the output to which they add.
        let additions: [(a: Tensor, b: Tensor, scale: Double, input: Tensor, output: Tensor)]
        /// The rows, up to one product's maximum each.
        let parts: [(input: Tensor, output: Tensor)]
        let output: Tensor
        let adds: Bool

        init(
            _ linear: Linear, _ weight: QuantizedWeight, _ segments: [(adapters: ActiveAdapters, rows: Range<Int>)],
            of input: Tensor, into output: Tensor, adding: Bool = false
        ) throws {
            self.weight = weight
            self.output = output
            adds = adding
            parts = try Self.parts(input, output)
            // In the output's dtype: adding another dtype would copy the bias at every step.
            bias = try linear.bias?.to(.float32)
            additions = try segments.flatMap { adapters, rows in
                try linear.additions(adapters).map {
                    (
                        try $0.a.contiguous(), try $0.b.contiguous(), $0.scale,
                        try input.narrowed(0, start: rows.lowerBound, length: rows.count),
                        try output.narrowed(0, start: rows.lowerBound, length: rows.count)
                            .narrowed(1, start: $0.start, length: $0.b.size(0))
                    )
                }
            }
        }

        static func parts(_ input: Tensor, _ output: Tensor) throws -> [(input: Tensor, output: Tensor)] {
            let (count, maximum) = (input.size(0), QuantizedWeight.maximumRowCount)
            guard count > maximum else { return [(input, output)] }
            return try stride(from: 0, to: count, by: maximum).map { start in
                let length = min(maximum, count - start)
                return (
                    try input.narrowed(0, start: start, length: length),
                    try output.narrowed(0, start: start, length: length)
                )
            }
        }

        func callAsFunction() throws {
            for part in parts { try weight.multiply(part.input, into: part.output, adding: adds) }
            if let bias { try output.add(bias) }
            for part in additions { try part.input.lowRank(part.a, part.b, scale: part.scale, addedTo: part.output) }
        }
    }

    /// The rows of the sequences, cached from the step before if the sequences are the same.
    private func rows(of entries: [Entry]) throws -> Rows {
        let sequences = entries.map(\.sequence)
        if let rows, rows.sequences == sequences.map(\.number) { return rows }
        var storage = storage
        if storage.map({ $0.capacity < entries.count }) ?? true {
            let doubled = 2 * (storage?.capacity ?? 0)
            storage = try Storage(model.configuration, capacity: max(entries.count, doubled))
            self.storage = storage
        }
        let rows = try Rows(model, weights, storage!, sequences)
        self.rows = rows
        return rows
    }

    func step(_ entries: [(sequence: DecodeBatch.Sequence, token: Int)]) throws -> [Tensor] {
        guard !entries.isEmpty else { return [] }
        let configuration = model.configuration
        let groups = configuration.keyValueHeadCount
        let rows = try rows(of: entries)
        var slots: [KeyValueCache.Slot] = []
        var angles: [[RotaryEmbedding.Angles]] = []
        for (entry, row) in zip(entries, rows.single) {
            let (sequence, cache) = (entry.sequence, entry.sequence.cache)
            try model.embedding.embedding(entry.token, into: row.x)
            let slot = try cache.begin(1, batch: 1)[0]
            if sequence.piecesLayout.map({ $0 != (cache.layout, slot.page) }) ?? true {
                sequence.pieces = try rows.layers.indices.map {
                    try cache.pieces(layer: $0, through: slot.page, of: model)
                }
                sequence.piecesLayout = (cache.layout, slot.page)
            }
            slots.append(slot)
            angles.append(
                try model.rotaries.map { try $0.angles(start: cache.count, count: 1, length: cache.count + 1) })
        }
        if configuration.embeddingScale != 1 {
            try rows.buffers.x.add(rows.buffers.x, scaledBy: configuration.embeddingScale - 1)
        }
        for (index, layer) in rows.layers.enumerated() {
            let block = layer.block
            try norm(rows, block.attentionNorm)
            try layer.queryKeyValue()
            try normHeads(rows, block)
            for (number, row) in rows.single.enumerated() {
                try attend(
                    row, entries[number].sequence, index, block, slots[number], angles[number][block.rope],
                    groups: groups)
            }
            try layer.output()
            try addBranch(rows, block.addedAttentionNorm)
            try norm(rows, block.feedForwardNorm)
            try layer.gateUp()
            switch block.description.activation {
            case .silu: try rows.buffers.gateUp.swiGLU(into: rows.buffers.gated)
            case .gelu: try rows.buffers.gateUp.geGLU(into: rows.buffers.gated)
            }
            try layer.down()
            try addBranch(rows, block.addedFeedForwardNorm)
        }
        for entry in entries {
            entry.sequence.cache.commit()
            try model.remember(
                .embeddings(
                    model.embed([entry.token]).to(model.dtype), mask: nil, positions: nil,
                    adapters: entry.sequence.adapters), in: entry.sequence.cache)
        }
        try norm(rows, model.norm)
        for part in rows.scoring { try weights.outputHead.multiply(part.input, into: part.output) }
        return rows.single.map(\.logits)
    }

    /// Appends a sequence's key and value to its cache, and computes its query's attention.
    private func attend(
        _ row: Rows.Single, _ sequence: DecodeBatch.Sequence, _ layer: Int, _ block: Llama.Block,
        _ slot: KeyValueCache.Slot, _ angles: RotaryEmbedding.Angles, groups: Int
    ) throws {
        let position = sequence.cache.count
        var pieces = sequence.pieces[layer]
        try row.projected.rotaryAppend(
            cosine: angles.cosine, sine: angles.sine, heads: model.configuration.headCount, groups: groups,
            keys: pieces.keys[pieces.keys.count - 1], values: pieces.values[pieces.values.count - 1], at: slot.start)
        if let growth = block.description.queryGrowth?.factor(at: position), growth != 1 {
            try row.query.add(row.query, scaledBy: growth - 1)
        }
        if let window = block.description.window, position >= window {
            pieces = try pieces.from(position - window + 1)
        }
        try row.query.attention(
            keys: pieces.keys, values: pieces.values, logWeights: pieces.logWeights, biases: pieces.biases,
            last: position + 1 - pieces.starts[pieces.starts.count - 1], scale: block.description.attentionScale,
            into: row.mixed)
    }

    /// Norms the stream if the layer has this norm.
    private func norm(_ rows: Rows, _ weight: Tensor?) throws {
        guard let weight else { return }
        try rows.buffers.x.rmsNorm(weight, epsilon: model.configuration.rmsNormEpsilon, into: rows.buffers.normed)
    }

    /// Norms queries and keys in place if the layer has these norms.
    private func normHeads(_ rows: Rows, _ block: Llama.Block) throws {
        guard let queryNorm = block.queryNorm, let keyNorm = block.keyNorm else { return }
        let epsilon = model.configuration.rmsNormEpsilon
        for (part, norm) in [(rows.queries, queryNorm), (rows.keys, keyNorm)] {
            // Row by row, because heads of several rows are not adjacent.
            for row in 0..<part.size(0) {
                let heads = try part.narrowed(0, start: row, length: 1).reshaped([-1, norm.size(0)])
                try heads.rmsNorm(norm, epsilon: epsilon, into: heads)
            }
        }
    }

    /// Norms the branch and adds it to the stream. Without a norm, the product has already added it.
    private func addBranch(_ rows: Rows, _ norm: Tensor?) throws {
        guard let norm else { return }
        try rows.buffers.branch.rmsNorm(
            norm, epsilon: model.configuration.rmsNormEpsilon, into: rows.buffers.branch)
        try rows.buffers.x.add(rows.buffers.branch)
    }
}
