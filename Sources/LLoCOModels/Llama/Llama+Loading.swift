public import LLoCOCheckpoints
public import LLoCOTorch

extension Llama {
    /// Loads a decoder's weights.
    ///
    /// - Parameters:
    ///   - checkpoint: tensors with Hugging Face's names
    ///   - dtype: of the computation and of dequantized weights; float32 by default
    ///   - weights: the place of the weights; on a GPU always dense
    ///   - roundsInput: see ``FileWeight/init(_:roundsInput:)``
    /// - Throws: `CheckpointError` if a tensor is missing or its shape differs from the configuration.
    public convenience init(
        _ checkpoint: any Checkpoint, configuration: LlamaConfiguration, dtype: DType = .float32,
        device: Device = .cpu, weights: WeightPlace = .automatic, roundsInput: Bool = false
    ) throws {
        let names = TensorNames(checkpoint)
        let staysInFile = weights != .dense && WeightPlace.canStayInFile(dtype, device)
        func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
            try checkpoint.tensor(names[name], shape: shape, as: dtype).to(device: device)
        }
        /// A norm's weight times `scale`.
        func norm(_ name: String, _ size: Int, scale: Double = 1) throws -> Tensor {
            guard configuration.normsAddOne || scale != 1 else { return try tensor("\(name).weight", [size]) }
            var weight = try checkpoint.tensor(names["\(name).weight"], shape: [size], as: .float32)
            if configuration.normsAddOne { weight = try weight + 1 }
            return try (weight * scale).to(dtype, device: device)
        }
        /// Vertically stacked tensors, each loaded directly into its rows: none is in memory twice.
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
        /// A weight of vertically stacked tensors, in the file if it can be multiplied there.
        func weight(_ parts: [String], rows: [Int], columns: Int) throws -> LinearWeight {
            // One fused tensor may have all rows.
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
            // A fused tensor stacks its modules in the same order as the layer.
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
            // With four norms, `post_attention_layernorm` is the one after attention; otherwise the one before the
            // feed-forward network has this name.
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

/// The mapping of a text model's tensor names to a checkpoint's: multimodal models use other prefixes.
private struct TensorNames {
    private let prefixes: [(standard: String, stored: String)]

    init(_ checkpoint: any Checkpoint) {
        let multimodal = [
            [("model.", "language_model.model."), ("lm_head.", "language_model.lm_head.")],
            [("model.", "model.language_model.")],
        ]
        prefixes =
            checkpoint.contains("model.embed_tokens.weight")
            ? [] : multimodal.first { checkpoint.contains("\($0[0].1)embed_tokens.weight") } ?? []
    }

    subscript(name: String) -> String {
        for (standard, stored) in prefixes where name.hasPrefix(standard) {
            return stored + name.dropFirst(standard.count)
        }
        return name
    }
}

extension LlamaConfiguration {
    /// The path of the fused tensor of some modules of a layer; nil if each module has a separate tensor.
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
