public import LLoCOCheckpoints
public import LLoCOTorch

extension Llama {
    /// Reads a decoder's weights.
    ///
    /// - Parameters:
    ///   - checkpoint: tensors under Hugging Face's names
    ///   - dtype: of the computation, and of weights that are expanded; float32 where the processor has no faster one
    ///   - weights: where the weights are; on a GPU always expanded
    ///   - roundsInput: see ``FileWeight/init(_:roundsInput:)``
    /// - Throws: `CheckpointError` where a tensor is missing or has another shape than the configuration says.
    public convenience init(
        _ checkpoint: any Checkpoint, configuration: LlamaConfiguration, dtype: DType = .float32,
        device: Device = .cpu, weights: WeightPlace = .automatic, roundsInput: Bool = false
    ) throws {
        let names = TensorNames(checkpoint)
        let staysInFile = weights != .dense && WeightPlace.canStayInFile(dtype, device)
        func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
            try checkpoint.tensor(names[name], shape: shape, as: dtype).to(device: device)
        }
        /// A norm's weights times `scale`.
        func norm(_ name: String, _ size: Int, scale: Double = 1) throws -> Tensor {
            guard configuration.normsAddOne || scale != 1 else { return try tensor("\(name).weight", [size]) }
            var weight = try checkpoint.tensor(names["\(name).weight"], shape: [size], as: .float32)
            if configuration.normsAddOne { weight = try weight + 1 }
            return try (weight * scale).to(dtype, device: device)
        }
        /// Tensors below one another, each read straight into its rows: none is in memory twice.
        func joined(_ parts: [String], rows: [Int], columns: [Int]) throws -> Tensor {
            if parts.count == 1 { return try tensor(parts[0], [rows.reduce(0, +)] + columns) }
            let whole = try Tensor.empty([rows.reduce(0, +)] + columns, dtype: dtype, device: device)
            var start = 0
            for (name, count) in zip(parts, rows) {
                try whole[start..<start + count].copy(
                    from: checkpoint.tensor(names[name], shape: [count] + columns, as: dtype))
                start += count
            }
            return whole
        }
        /// The same where it lies in the file, if it can be multiplied there.
        func weight(_ parts: [String], rows: [Int], columns: Int) throws -> LinearWeight {
            // One tensor may be all rows.
            let counts = parts.count == 1 ? [rows.reduce(0, +)] : rows
            if staysInFile {
                let found = try zip(parts, counts).compactMap {
                    try checkpoint.fileRows(names[$0], shape: [$1, columns])
                }
                if found.count == parts.count { return .file(try FileWeight(found, roundsInput: roundsInput)) }
            }
            return .dense(try joined(parts, rows: rows, columns: [columns]))
        }
        func linear(_ layer: Int, _ modules: AdapterModule..., bias: Bool) throws -> Linear {
            let targets = modules.map { AdapterTarget(layer: layer, module: $0) }
            let rows = modules.map { configuration.size(of: $0).output }
            var parts: [Linear.Part] = []
            for (target, count) in zip(targets, rows) {
                let start = parts.last?.rows.upperBound ?? 0
                parts.append(Linear.Part(target: target, rows: start..<start + count))
            }
            // A fused tensor has its modules below one another, as the layer wants them.
            let paths = configuration.fusedPath(of: targets).map { [$0] } ?? targets.map(\.path)
            return Linear(
                weight: try weight(
                    paths.map { "\($0).weight" }, rows: rows, columns: configuration.size(of: modules[0]).input),
                bias: bias ? try joined(paths.map { "\($0).bias" }, rows: rows, columns: []) : nil,
                parts: parts)
        }
        let (hidden, headSize) = (configuration.hiddenSize, configuration.headSize)
        var ropes: [Rope?] = []
        let blocks = try (0..<configuration.layerCount).map { layer in
            let name = "model.layers.\(layer)"
            let description = configuration.description(of: layer)
            if !ropes.contains(description.rope) { ropes.append(description.rope) }
            // Of four norms the one after attention has the name that elsewhere is of the one before the next branch.
            let (before, after) = (description.norms.areBefore, description.norms.areAfter)
            let feedForward = after ? "pre_feedforward_layernorm" : "post_attention_layernorm"
            func headNorm(_ name: String, _ heads: Int) throws -> Tensor? {
                switch description.headNorm {
                case .none: nil
                case .eachHead: try norm(name, headSize)
                case .wholeWidth: try norm(name, heads * headSize)
                }
            }
            return Block(
                description: description, rope: ropes.firstIndex(of: description.rope) ?? 0,
                attentionNorm: before ? try norm("\(name).input_layernorm", hidden) : nil,
                feedForwardNorm: before ? try norm("\(name).\(feedForward)", hidden) : nil,
                addedAttentionNorm: after ? try norm("\(name).post_attention_layernorm", hidden) : nil,
                addedFeedForwardNorm: after ? try norm("\(name).post_feedforward_layernorm", hidden) : nil,
                queryNorm: try headNorm("\(name).self_attn.q_norm", configuration.headCount),
                keyNorm: try headNorm("\(name).self_attn.k_norm", configuration.keyValueHeadCount),
                queryKeyValue: try linear(layer, .query, .key, .value, bias: description.attentionBias),
                output: try linear(layer, .output, bias: description.attentionOutputBias),
                gateUp: try linear(layer, .gate, .up, bias: description.mlpBias),
                down: try linear(layer, .down, bias: description.mlpBias))
        }
        func table(_ name: String) throws -> LinearWeight {
            try weight([name], rows: [configuration.vocabularySize], columns: hidden)
        }
        let embedding = try table("model.embed_tokens.weight")
        self.init(
            configuration: configuration, embedding: embedding, blocks: blocks,
            norm: try norm("model.norm", hidden, scale: configuration.logitScale),
            outputHead: configuration.tiedEmbeddings ? embedding : try table("lm_head.weight"), ropes: ropes)
    }
}

/// The names that a checkpoint has for a text model's tensors: those of a model of text and images have another beginning.
private struct TensorNames {
    private let beginnings: [(own: String, stored: String)]

    init(_ checkpoint: any Checkpoint) {
        let known = [
            [("model.", "language_model.model."), ("lm_head.", "language_model.lm_head.")],
            [("model.", "model.language_model.")],
        ]
        beginnings =
            checkpoint.contains("model.embed_tokens.weight")
            ? [] : known.first { checkpoint.contains("\($0[0].1)embed_tokens.weight") } ?? []
    }

    subscript(name: String) -> String {
        for (own, stored) in beginnings where name.hasPrefix(own) { return stored + name.dropFirst(own.count) }
        return name
    }
}

extension LlamaConfiguration {
    /// The tensor that some modules of a layer are together; nil where each has its own.
    fileprivate func fusedPath(of targets: [AdapterTarget]) -> String? {
        guard hasFusedProjections else { return nil }
        let name = "model.layers.\(targets[0].layer)"
        switch targets.map(\.module) {
        case [.query, .key, .value]: return "\(name).self_attn.qkv_proj"
        case [.gate, .up]: return "\(name).mlp.gate_up_proj"
        default: return nil
        }
    }
}
