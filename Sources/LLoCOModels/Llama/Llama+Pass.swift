import Foundation
import LLoCOCheckpoints
import LLoCOTokenizers
import LLoCOTorch

// The forward pass through all layers.
extension Llama {
    /// The input of a forward pass.
    struct PassInput {
        /// [B, T, D]
        let embeddings: Tensor
        /// The number of positions before the embeddings.
        let past: Int
        /// [T, R / 2] or [B, 1, T, R / 2] for each of the model's ropes.
        let angles: [RotaryEmbedding.Angles]
        /// The position-dependent factor of queries, [T, 1] or [B, 1, T, 1]; nil for 1.
        let growth: Tensor?
        /// [B, 1, T, past + T]
        let mask: Tensor?
        /// The record for queries; nil for none.
        var queries: QueryRecord?

        /// The input of a range of the positions.
        func narrowed(to range: Range<Int>) throws -> PassInput {
            func part(_ tensor: Tensor, _ dimension: Int) throws -> Tensor {
                try tensor.narrowed(dimension, start: range.lowerBound, length: range.count)
            }
            return PassInput(
                embeddings: try part(embeddings, 1), past: past + range.lowerBound,
                angles: try angles.map { (try part($0.cosine, -2), try part($0.sine, -2)) },
                growth: try growth.map { try part($0, -2) },
                mask: try mask.map { try part($0, 2).narrowed(3, start: 0, length: past + range.upperBound) },
                queries: queries)
        }
    }

    /// The residual stream [B, T, D], and the last branch's output, not added yet: one kernel adds and norms.
    struct Stream {
        var x: Tensor
        var added: Tensor?

        /// Adds the pending output and returns the stream's norm, or without a weight the stream.
        mutating func norm(_ weight: Tensor?, epsilon: Double) throws -> Tensor {
            guard let weight else {
                if let added { (x, self.added) = (try x + added, nil) }
                return x
            }
            guard let added else { return try x.rmsNorm(weight, epsilon: epsilon) }
            let (sum, normed) = try x.rmsNorm(adding: added, weight, epsilon: epsilon)
            (x, self.added) = (sum, nil)
            return normed
        }
    }

    /// Runs all layers; see `hiddenStates`.
    func pass(
        _ input: PassInput, _ cache: KeyValueCache?, _ adapters: ActiveAdapters, last: Int, recomputes: Bool = false
    ) throws -> Tensor {
        var stream = Stream(x: input.embeddings)
        let count = stream.x.size(1)
        try cache?.begin(count, batch: stream.x.size(0))
        for (layer, block) in blocks.enumerated() {
            let continuing = layer == blocks.count - 1 ? last : count
            if recomputes {
                try runCheckpointed(block, layer, &stream, input, cache, adapters, last: continuing)
            } else {
                try block.run(&stream, layer, configuration, input, adapters, last: continuing) { keys, values in
                    if let cache { return try cache.append(layer: layer, keys: keys, values: values) }
                    var pieces = Pieces()
                    pieces.append(keys, values, start: input.past)
                    return pieces
                }
            }
        }
        cache?.commit()
        return last > 0 ? try stream.norm(norm, epsilon: configuration.rmsNormEpsilon) : stream.x
    }

    /// The approximate size of a forward pass's activations kept for the backward pass, in bytes, without gradient
    /// checkpointing.
    public func bytesForGradients(positions: Int) -> Int {
        let heads = (configuration.headCount + 2 * configuration.keyValueHeadCount) * configuration.headSize
        let mixed = configuration.headCount * configuration.headSize
        // Two norms with their sums, queries, keys and values, the attention output, gate and up, their product.
        var elements = 4 * configuration.hiddenSize + heads + mixed + 3 * configuration.intermediateSize
        if configuration.layer.headNorm != .none { elements += 2 * heads }
        if configuration.layer.norms == .beforeAndAfter { elements += 2 * configuration.hiddenSize }
        return positions * elements * dtype.byteCount * configuration.layerCount
    }

    /// The factor of queries at positions [B][T]; nil if all are 1.
    func growth(of positions: [[Int]]) throws -> Tensor? {
        guard let growth = configuration.layer.queryGrowth,
            positions.contains(where: { $0.contains { growth.factor(at: $0) != 1 } })
        else { return nil }
        let factors = positions.flatMap { $0.map { Float(growth.factor(at: $0)) } }
        let count = positions.first?.count ?? 0
        return try Tensor(factors, shape: positions.count == 1 ? [count, 1] : [positions.count, 1, count, 1])
            .to(dtype, device: device)
    }

    /// Runs one layer with gradient checkpointing: only its inputs and outputs are kept.
    private func runCheckpointed(
        _ block: Block, _ layer: Int, _ stream: inout Stream, _ input: PassInput, _ cache: KeyValueCache?,
        _ adapters: ActiveAdapters, last: Int
    ) throws {
        let past = try cache?.pieces(layer: layer) ?? Pieces()
        let configuration = configuration
        let streamInputs = [stream.x] + (stream.added.map { [$0] } ?? [])
        let outputs = try Tensor.recomputed(
            streamInputs + past.keys + past.values + past.biases.compactMap { $0 }, leaves: block.leaves(adapters),
            outputs: last > 0 ? 4 : 2
        ) { inputs in
            var stream = Stream(x: inputs[0], added: streamInputs.count > 1 ? inputs[1] : nil)
            var rest = inputs.dropFirst(streamInputs.count)
            var pieces = past
            pieces.keys = past.keys.compactMap { _ in rest.popFirst() }
            pieces.values = past.values.compactMap { _ in rest.popFirst() }
            pieces.biases = past.biases.map { $0 == nil ? nil : rest.popFirst() }
            var keysAndValues: [Tensor] = []
            try block.run(&stream, layer, configuration, input, adapters, last: last) {
                keysAndValues = [$0, $1]
                pieces.append($0, $1, start: input.past)
                return pieces
            }
            return keysAndValues + (stream.added.map { [stream.x, $0] } ?? [])
        }
        _ = try cache?.append(layer: layer, keys: outputs[0], values: outputs[1])
        if last > 0 { stream = Stream(x: outputs[2], added: outputs[3]) }
    }
}

extension LayerDescription.QueryGrowth {
    /// The factor of a query at a position.
    func factor(at position: Int) -> Double { 1 + rate * log(1 + Double(position / originalMaximumPositions)) }
}

extension Llama.Block {
    /// Runs one layer. Only the last `last` positions continue in the stream; 0 computes keys and values only.
    ///
    /// - Parameter seen: takes these positions' keys and values, returns all keys and values that they may attend to
    func run(
        _ stream: inout Llama.Stream, _ layer: Int, _ configuration: LlamaConfiguration, _ input: Llama.PassInput,
        _ adapters: ActiveAdapters, last: Int, seen: (_ keys: Tensor, _ values: Tensor) throws -> Llama.Pieces
    ) throws {
        let epsilon = configuration.rmsNormEpsilon
        let projected = try queryKeyValue(stream.norm(attentionNorm, epsilon: epsilon), adapters)
        let angles = input.angles[rope]
        var (queries, keys, values) = try normedHeads(projected, configuration).rotaryHeads(
            cosine: angles.cosine, sine: angles.sine, heads: configuration.headCount,
            groups: configuration.keyValueHeadCount)
        if let growth = input.growth { queries = try queries * growth }
        try input.queries?.add(queries, layer: layer)
        let pieces = try seen(keys, values)
        // Only the last positions are needed from here on.
        guard last > 0 else {
            stream.added = nil
            return
        }
        let count = stream.x.size(1)
        func kept(_ tensor: Tensor, _ dimension: Int) throws -> Tensor {
            last == count ? tensor : try tensor.narrowed(dimension, start: count - last, length: last)
        }
        stream.x = try kept(stream.x, 1)
        let first = input.past + count - last
        let visible = try pieces.visible(
            to: first..<first + last, window: description.window, mask: input.mask.map { try kept($0, 2) },
            device: projected.device)
        let mixed = try Tensor.attention(
            query: kept(queries, 2), keys: visible.pieces.keys, values: visible.pieces.values,
            logWeights: visible.pieces.logWeights, biases: visible.pieces.biases, mask: visible.mask,
            causal: visible.mask == nil, scale: description.attentionScale)
        stream.added = try output(mixed.transposed(1, 2).reshaped([mixed.size(0), mixed.size(2), -1]), adapters)
            .normed(addedAttentionNorm, epsilon: epsilon)
        let inner = try gateUp(stream.norm(feedForwardNorm, epsilon: epsilon), adapters)
        let gated = try description.activation == .silu ? inner.swiGLU() : inner.geGLU()
        stream.added = try down(gated, adapters).normed(addedFeedForwardNorm, epsilon: epsilon)
    }

    /// A merged projection [B, T, (H + 2 K) · E] with queries and keys normed, if the layer has these norms.
    private func normedHeads(_ projected: Tensor, _ configuration: LlamaConfiguration) throws -> Tensor {
        guard let queryNorm, let keyNorm else { return projected }
        let epsilon = configuration.rmsNormEpsilon
        let (batch, count) = (projected.size(0), projected.size(1))
        var start = 0
        func part(_ heads: Int, _ norm: Tensor?) throws -> Tensor {
            let width = heads * configuration.headSize
            defer { start += width }
            let part = try projected.narrowed(2, start: start, length: width)
            guard let norm else { return part }
            return try part.reshaped([batch, count, -1, norm.size(0)]).rmsNorm(norm, epsilon: epsilon)
                .reshaped([batch, count, width])
        }
        return try .concatenated(
            [
                part(configuration.headCount, queryNorm), part(configuration.keyValueHeadCount, keyNorm),
                part(configuration.keyValueHeadCount, nil),
            ], 2)
    }

    /// The trainable adapter matrices of this layer.
    func leaves(_ adapters: ActiveAdapters) -> [Tensor] {
        [queryKeyValue, output, gateUp, down].flatMap { $0.additions(adapters) }.flatMap { [$0.a, $0.b] }
            .filter(\.requiresGradient)
    }
}

extension Tensor {
    /// The RMS norm, or without a weight the tensor itself.
    fileprivate func normed(_ weight: Tensor?, epsilon: Double) throws -> Tensor {
        try weight.map { try rmsNorm($0, epsilon: epsilon) } ?? self
    }
}
