import LLoCOCheckpoints
import LLoCOTokenizers
import LLoCOTorch

/// A pass of positions through all layers.
extension Llama {
    /// What a pass reads.
    struct PassInput {
        /// [B, T, D]
        let embeddings: Tensor
        /// [T, E / 2] or [B, 1, T, E / 2] each
        let angles: (cosine: Tensor, sine: Tensor)
        /// [B, 1, T, past + T]
        let mask: Tensor?
        /// Where its queries are kept
        var queries: QueryRecord?

        /// Some of the positions, where `past` others come before them all.
        func narrowed(to range: Range<Int>, past: Int) throws -> PassInput {
            func own(_ tensor: Tensor, _ dimension: Int) throws -> Tensor {
                try tensor.narrowed(dimension, start: range.lowerBound, length: range.count)
            }
            return PassInput(
                embeddings: try own(embeddings, 1), angles: (try own(angles.cosine, -2), try own(angles.sine, -2)),
                mask: try mask.map { try own($0, 2).narrowed(3, start: 0, length: past + range.upperBound) },
                queries: queries)
        }
    }

    /// A layer's keys and values, in pieces that follow each other, [B or 1, K, n, E] each, and what is added to the scores
    /// of each piece's keys: of all of them, and [B or 1, K, n] key by key.
    struct Pieces {
        var keys: [Tensor] = []
        var values: [Tensor] = []
        var logWeights: [Double] = []
        var biases: [Tensor?] = []

        mutating func append(_ keys: Tensor, _ values: Tensor, logWeight: Double = 0, bias: Tensor? = nil) {
            self.keys.append(keys)
            self.values.append(values)
            logWeights.append(logWeight)
            biases.append(bias)
        }
    }

    /// The residual stream [B, T, D], and what the layer before wants added to it: sum and norm are one pass.
    struct Stream {
        var x: Tensor
        var added: Tensor?

        mutating func norm(_ weight: Tensor, epsilon: Double) throws -> Tensor {
            guard let added else { return try x.rmsNorm(weight, epsilon: epsilon) }
            let (sum, normed) = try x.rmsNorm(adding: added, weight, epsilon: epsilon)
            (x, self.added) = (sum, nil)
            return normed
        }
    }

    /// All layers; see `hiddenStates`.
    func pass(
        _ input: PassInput, _ cache: KeyValueCache?, _ adapters: ActiveAdapters, last: Int, recomputes: Bool = false
    ) throws -> Tensor {
        var stream = Stream(x: input.embeddings)
        let count = stream.x.size(1)
        try cache?.begin(count, batch: stream.x.size(0))
        for (layer, block) in blocks.enumerated() {
            let wanted = layer == blocks.count - 1 ? last : count
            if recomputes {
                try recompute(block, layer, &stream, input, cache, adapters, last: wanted)
            } else {
                try block.run(&stream, layer, configuration, input, adapters, last: wanted) { keys, values in
                    if let cache { return try cache.append(layer: layer, keys: keys, values: values) }
                    var own = Pieces()
                    own.append(keys, values)
                    return own
                }
            }
        }
        cache?.commit()
        return last > 0 ? try stream.norm(norm, epsilon: configuration.rmsNormEpsilon) : stream.x
    }

    /// About what a pass with gradients keeps for the backward pass, in bytes, where it does not recompute.
    public func bytesForGradients(positions: Int) -> Int {
        let heads = (configuration.headCount + 2 * configuration.keyValueHeadCount) * configuration.headSize
        let mixed = configuration.headCount * configuration.headSize
        // Two norms with their sums, queries to values, the mixed values, gate and up, what they make.
        let elements = 4 * configuration.hiddenSize + heads + mixed + 3 * configuration.intermediateSize
        return positions * elements * dtype.byteCount * configuration.layerCount
    }

    /// One layer, of which gradients keep what goes in and comes out alone.
    private func recompute(
        _ block: Block, _ layer: Int, _ stream: inout Stream, _ input: PassInput, _ cache: KeyValueCache?,
        _ adapters: ActiveAdapters, last: Int
    ) throws {
        let past = try cache?.pieces(layer: layer) ?? Pieces()
        let configuration = configuration
        let given = [stream.x] + (stream.added.map { [$0] } ?? [])
        let outputs = try Tensor.recomputed(
            given + past.keys + past.values + past.biases.compactMap { $0 }, leaves: block.leaves(adapters),
            outputs: last > 0 ? 4 : 2
        ) { inputs in
            var stream = Stream(x: inputs[0], added: given.count > 1 ? inputs[1] : nil)
            var rest = inputs.dropFirst(given.count)
            var seen = Pieces()
            seen.keys = past.keys.compactMap { _ in rest.popFirst() }
            seen.values = past.values.compactMap { _ in rest.popFirst() }
            seen.logWeights = past.logWeights
            seen.biases = past.biases.map { $0 == nil ? nil : rest.popFirst() }
            var own: [Tensor] = []
            try block.run(&stream, layer, configuration, input, adapters, last: last) {
                own = [$0, $1]
                seen.append($0, $1)
                return seen
            }
            return own + (stream.added.map { [stream.x, $0] } ?? [])
        }
        _ = try cache?.append(layer: layer, keys: outputs[0], values: outputs[1])
        if last > 0 { stream = Stream(x: outputs[2], added: outputs[3]) }
    }
}

extension Llama.Block {
    /// The layer. Of the last positions alone the stream goes on; with `last` 0 there are keys and values only.
    ///
    /// - Parameter seen: given the own keys and values, all that the positions see
    func run(
        _ stream: inout Llama.Stream, _ layer: Int, _ configuration: LlamaConfiguration, _ input: Llama.PassInput,
        _ adapters: ActiveAdapters, last: Int, seen: (_ keys: Tensor, _ values: Tensor) throws -> Llama.Pieces
    ) throws {
        let epsilon = configuration.rmsNormEpsilon
        let projected = try queryKeyValue(stream.norm(attentionNorm, epsilon: epsilon), adapters)
        let (queries, keys, values) = try projected.rotaryHeads(
            cosine: input.angles.cosine, sine: input.angles.sine, heads: configuration.headCount,
            groups: configuration.keyValueHeadCount)
        try input.queries?.add(queries, layer: layer)
        let pieces = try seen(keys, values)
        // Nothing reads the other positions any more.
        guard last > 0 else {
            stream.added = nil
            return
        }
        let count = stream.x.size(1)
        func kept(_ tensor: Tensor, _ dimension: Int) throws -> Tensor {
            last == count ? tensor : try tensor.narrowed(dimension, start: count - last, length: last)
        }
        stream.x = try kept(stream.x, 1)
        let mask = try input.mask.map { try kept($0, 2) }
        let mixed = try Tensor.attention(
            query: kept(queries, 2), keys: pieces.keys, values: pieces.values, logWeights: pieces.logWeights,
            biases: pieces.biases, mask: mask, causal: mask == nil)
        stream.added = try output(mixed.transposed(1, 2).reshaped([mixed.size(0), mixed.size(2), -1]), adapters)
        let gated = try gateUp(stream.norm(feedForwardNorm, epsilon: epsilon), adapters).swiGLU()
        stream.added = try down(gated, adapters)
    }

    /// The adapters' matrices that this layer reads and that learn.
    func leaves(_ adapters: ActiveAdapters) -> [Tensor] {
        [queryKeyValue, output, gateUp, down].flatMap { $0.additions(adapters) }.flatMap { [$0.a, $0.b] }
            .filter(\.requiresGradient)
    }
}
