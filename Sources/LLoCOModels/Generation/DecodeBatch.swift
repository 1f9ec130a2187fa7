import LLoCOBase
import LLoCOCheckpoints
import LLoCOTokenizers
public import LLoCOTorch

/// Continues several sequences by a token each: a step reads the weights once for all of them.
///
///     let batch = DecodeBatch(model, weights: .lossless)
///     let first = try batch.sequence(continuing: cache, adapters: adapters)
///     let scores = try batch.step([(first, token), (second, other)])    // [V] each
///
/// Sequences have their own caches, lengths and adapters. Which of them a step continues is free: they come and go between
/// two steps.
///
/// With quantized weights everything is computed into memory that the batch keeps, in float32: a step of the same sequences
/// as the one before makes no storage of a tensor, but for a page of a cache where one is full. Without, where there are no
/// kernels for the model, or where a cache has more pages than they read, a sequence is computed alone, as `hiddenStates` does.
public final class DecodeBatch {
    private let model: Llama
    private let steps: QuantizedSteps?
    private var sequenceCount = 0

    /// A sequence that the batch continues.
    public final class Sequence {
        /// The positions before; the steps' are added to it. Nobody else adds to it meanwhile.
        public let cache: KeyValueCache
        /// For use only: they are added as they are, without dropout.
        public let adapters: ActiveAdapters
        /// Its number in the batch
        fileprivate let number: Int
        /// Each layer's keys and values, views that hold as long as the cache's layout and the page that is being filled.
        fileprivate var seen: [Llama.Pieces] = []
        fileprivate var seenLayout: (layout: Int, page: Int)?

        fileprivate init(_ cache: KeyValueCache, _ adapters: ActiveAdapters, number: Int) {
            self.cache = cache
            self.adapters = adapters
            self.number = number
        }
    }

    /// - Parameter weights: the quantized copy that is used, made at its first use and kept by the model; nil for the model's
    ///   own
    /// - Throws: `TorchError` where a weight is not finite or too large to be quantized, or memory does not suffice.
    public init(_ model: Llama, weights: QuantizedWeight.Bits?) throws {
        self.model = model
        steps = try weights.flatMap { try model.quantized($0) }.map { QuantizedSteps(model, weights: $0) }
    }

    /// Whether the steps use quantized weights.
    public var isQuantized: Bool { steps != nil }

    /// A sequence to continue.
    ///
    /// - Parameter expecting: how many steps there will be, as far as it is known, 0 by default: what they all read is made now
    /// - Throws: `TorchError` where memory does not suffice.
    public func sequence(
        continuing cache: KeyValueCache, adapters: ActiveAdapters = .none, expecting: Int = 0
    ) throws -> Sequence {
        let window = model.configuration.maximumPositions
        for rotary in model.rotaries { try rotary.reserve(min(cache.count + min(expecting, window), window)) }
        sequenceCount += 1
        return Sequence(cache, adapters, number: sequenceCount)
    }

    /// The scores [V] of what follows each sequence's token, in their order; with quantized weights they are overwritten by
    /// the next step.
    ///
    /// - Parameter tokens: sequences of this batch, each once, with the token that follows what its cache holds
    /// - Throws: `ModelError` for an id outside the vocabulary, before any sequence is continued; `TorchError` where memory
    ///   does not suffice.
    public func step(_ tokens: [(sequence: Sequence, token: Int)]) throws -> [Tensor] {
        let size = model.configuration.vocabularySize
        if let foreign = tokens.first(where: { $0.token < 0 || $0.token >= size }) {
            throw ModelError(.invalid, "token id \(foreign.token) is outside the model's vocabulary of \(size)")
        }
        return try withoutGradients {
            // What may fail goes before anything is added: a step is taken by all or by none.
            for entry in tokens { try model.turn(entry.sequence.cache, for: entry.sequence.cache.count + 1) }
            // One page more may begin with the step.
            let isRead = tokens.map { steps != nil && $0.sequence.cache.pages.count < Tensor.largestPieceCount }
            let read = zip(tokens, isRead).filter(\.1).map(\.0)
            var together = try (steps?.step(read) ?? [])[...]
            return try zip(tokens, isRead).map { entry, isRead in
                if isRead { return together.removeFirst() }
                // A cancelled task ends behind the step.
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

    /// What a step is computed in, for up to M sequences.
    private struct Storage {
        let capacity: Int
        /// The residual stream and its norm, [M, D]
        let x: Tensor
        let normed: Tensor
        /// [M, (H + 2K) · E]
        let projected: Tensor
        /// [M, H · E]
        let joined: Tensor
        /// What a branch adds to the stream where that is normed first, [M, D]
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

        /// The first rows of another.
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

    /// The rows of some sequences in the storage, those of equal adapters together, and what is computed in them.
    private struct Rows {
        /// Their numbers
        let sequences: [Int]
        let own: Storage
        /// What the output head multiplies, as many rows at a time as one product takes
        let scoring: [(input: Tensor, output: Tensor)]
        /// All rows' queries [m · H, E] and keys [m, K · E]
        let queries: Tensor
        let keys: Tensor
        let layers: [Layer]
        /// Each sequence's row, in the order in which they were given
        let single: [Single]

        /// One sequence's row.
        struct Single {
            /// [1, D]
            let x: Tensor
            /// [1, (H + 2K) · E], and its queries [1, H, E]
            let projected: Tensor
            let query: Tensor
            /// [1, H, E]
            let mixed: Tensor
            /// [V]
            let scores: Tensor
        }

        init(
            _ model: Llama, _ weights: QuantizedLlama, _ storage: Storage, _ sequences: [DecodeBatch.Sequence]
        ) throws {
            let configuration = model.configuration
            let (heads, groups, size) = (
                configuration.headCount, configuration.keyValueHeadCount, configuration.headSize
            )
            let count = sequences.count
            let own = try Storage(first: count, of: storage)
            self.own = own
            queries = try own.projected.narrowed(1, start: 0, length: heads * size)
            keys = try own.projected.narrowed(1, start: heads * size, length: groups * size)
            self.sequences = sequences.map(\.number)
            // Sequences of the same adapters stand together, in the order in which they come.
            var segments: [(adapters: ActiveAdapters, members: [Int])] = []
            for (index, sequence) in sequences.enumerated() {
                let place = segments.firstIndex {
                    $0.adapters.list.elementsEqual(sequence.adapters.list, by: ===)
                }
                if let place {
                    segments[place].members.append(index)
                } else {
                    segments.append((sequence.adapters, [index]))
                }
            }
            var places = Array(repeating: 0, count: count)
            var ranges: [(adapters: ActiveAdapters, rows: Range<Int>)] = []
            var next = 0
            for segment in segments {
                ranges.append((segment.adapters, next..<next + segment.members.count))
                for member in segment.members {
                    places[member] = next
                    next += 1
                }
            }
            scoring = try Product.parts(own.normed, own.logits)
            layers = try zip(model.blocks, weights.blocks).map { block, quantized in
                func adding(
                    _ linear: Linear, _ weight: QuantizedWeight, of x: Tensor, normedBy norm: Tensor?
                ) throws -> Product {
                    try Product(
                        linear, weight, ranges, of: x, into: norm == nil ? own.x : own.branch, adding: norm == nil)
                }
                return Layer(
                    block: block,
                    queryKeyValue: try Product(
                        block.queryKeyValue, quantized.queryKeyValue, ranges,
                        of: block.attentionNorm == nil ? own.x : own.normed, into: own.projected),
                    output: try adding(
                        block.output, quantized.output, of: own.joined, normedBy: block.addedAttentionNorm),
                    gateUp: try Product(
                        block.gateUp, quantized.gateUp, ranges, of: block.feedForwardNorm == nil ? own.x : own.normed,
                        into: own.gateUp),
                    down: try adding(block.down, quantized.down, of: own.gated, normedBy: block.addedFeedForwardNorm))
            }
            single = try places.map { row in
                func one(_ tensor: Tensor) throws -> Tensor {
                    count == 1 ? tensor : try tensor.narrowed(0, start: row, length: 1)
                }
                let projected = try one(own.projected)
                return Single(
                    x: try one(own.x), projected: projected,
                    query: try projected.narrowed(1, start: 0, length: heads * size).reshaped([1, heads, size]),
                    mixed: try one(own.joined).reshaped([1, heads, size]), scores: try one(own.logits).reshaped([-1]))
            }
        }
    }

    /// A layer's weights with what is added to their outputs.
    private struct Layer {
        let block: Llama.Block
        let queryKeyValue: Product
        /// Into the stream, or where what they add is normed into ``Storage/branch``.
        let output: Product
        let gateUp: Product
        let down: Product
    }

    /// A linear layer of the rows into a tensor of the storage, or added to one.
    private struct Product {
        let weight: QuantizedWeight
        let bias: Tensor?
        /// The adapters' matrices, the rows that they read, and the part of the output that they are added to.
        let additions: [(a: Tensor, b: Tensor, scale: Double, input: Tensor, output: Tensor)]
        /// The rows, as many at a time as one product takes
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
            // Of the output's dtype: adding another makes a copy at every step.
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
            let (count, maximum) = (input.size(0), QuantizedWeight.largestRowCount)
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

    /// The rows of these sequences: those of the step before where they are the same ones.
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
            if sequence.seenLayout.map({ $0 != (cache.layout, slot.page) }) ?? true {
                sequence.seen = try rows.layers.indices.map {
                    try cache.pieces(layer: $0, through: slot.page, of: model)
                }
                sequence.seenLayout = (cache.layout, slot.page)
            }
            slots.append(slot)
            angles.append(
                try model.rotaries.map { try $0.angles(start: cache.count, count: 1, length: cache.count + 1) })
        }
        if configuration.embeddingScale != 1 {
            try rows.own.x.add(rows.own.x, scaledBy: configuration.embeddingScale - 1)
        }
        for (index, layer) in rows.layers.enumerated() {
            let block = layer.block
            try norm(rows, block.attentionNorm)
            try layer.queryKeyValue()
            try normHeads(rows, block)
            for (place, row) in rows.single.enumerated() {
                try attend(
                    row, entries[place].sequence, index, block, slots[place], angles[place][block.rope], groups: groups)
            }
            try layer.output()
            try addBranch(rows, block.addedAttentionNorm)
            try norm(rows, block.feedForwardNorm)
            try layer.gateUp()
            switch block.description.activation {
            case .silu: try rows.own.gateUp.swiGLU(into: rows.own.gated)
            case .gelu: try rows.own.gateUp.geGLU(into: rows.own.gated)
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
        return rows.single.map(\.scores)
    }

    /// Adds a sequence's key and value to its cache, and mixes what its query sees.
    private func attend(
        _ row: Rows.Single, _ sequence: DecodeBatch.Sequence, _ layer: Int, _ block: Llama.Block,
        _ slot: KeyValueCache.Slot, _ angles: RotaryEmbedding.Angles, groups: Int
    ) throws {
        let place = sequence.cache.count
        var pieces = sequence.seen[layer]
        try row.projected.rotaryAppend(
            cosine: angles.cosine, sine: angles.sine, heads: model.configuration.headCount, groups: groups,
            keys: pieces.keys[pieces.keys.count - 1], values: pieces.values[pieces.values.count - 1], at: slot.start)
        if let growth = block.description.queryGrowth?.factor(at: place), growth != 1 {
            try row.query.add(row.query, scaledBy: growth - 1)
        }
        if let window = block.description.window, place >= window { pieces = try pieces.from(place - window + 1) }
        try row.query.attention(
            keys: pieces.keys, values: pieces.values, logWeights: pieces.logWeights, biases: pieces.biases,
            last: place + 1 - pieces.starts[pieces.starts.count - 1], scale: block.description.attentionScale,
            into: row.mixed)
    }

    /// Norms the stream, where the layer does so.
    private func norm(_ rows: Rows, _ weight: Tensor?) throws {
        guard let weight else { return }
        try rows.own.x.rmsNorm(weight, epsilon: model.configuration.rmsNormEpsilon, into: rows.own.normed)
    }

    /// Norms queries and keys where they lie, where the layer does so.
    private func normHeads(_ rows: Rows, _ block: Llama.Block) throws {
        guard let queryNorm = block.queryNorm, let keyNorm = block.keyNorm else { return }
        let epsilon = model.configuration.rmsNormEpsilon
        for (part, norm) in [(rows.queries, queryNorm), (rows.keys, keyNorm)] {
            // Of one row heads are adjacent, of several they are not: row by row.
            for row in 0..<part.size(0) {
                let heads = try part.narrowed(0, start: row, length: 1).reshaped([-1, norm.size(0)])
                try heads.rmsNorm(norm, epsilon: epsilon, into: heads)
            }
        }
    }

    /// Adds the branch to the stream where it is normed first; elsewhere it has been added.
    private func addBranch(_ rows: Rows, _ norm: Tensor?) throws {
        guard let norm else { return }
        try rows.own.branch.rmsNorm(norm, epsilon: model.configuration.rmsNormEpsilon, into: rows.own.branch)
        try rows.own.x.add(rows.own.branch)
    }
}
