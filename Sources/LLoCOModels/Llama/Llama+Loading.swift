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
        let staysInFile =
            weights != .dense && device.kind == .cpu && (dtype == .float32 || dtype == .bfloat16)
        func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
            try checkpoint.tensor(name, shape: shape, as: dtype).to(device: device)
        }
        /// Tensors below one another, each read straight into its rows: none is in memory twice.
        func joined(_ names: [String], rows: [Int], columns: [Int]) throws -> Tensor {
            if names.count == 1 { return try tensor(names[0], rows + columns) }
            let whole = try Tensor.empty([rows.reduce(0, +)] + columns, dtype: dtype, device: device)
            var start = 0
            for (name, count) in zip(names, rows) {
                try whole[start..<start + count].copy(
                    from: checkpoint.tensor(name, shape: [count] + columns, as: dtype))
                start += count
            }
            return whole
        }
        /// The same where it lies in the file, if it can be multiplied there.
        func weight(_ names: [String], rows: [Int], columns: Int) throws -> LinearWeight {
            if staysInFile {
                let found = try zip(names, rows).compactMap { try checkpoint.fileRows($0, shape: [$1, columns]) }
                if found.count == names.count { return .file(try FileWeight(found, roundsInput: roundsInput)) }
            }
            return .dense(try joined(names, rows: rows, columns: [columns]))
        }
        func linear(_ layer: Int, _ modules: AdapterModule..., bias: Bool) throws -> Linear {
            let targets = modules.map { AdapterTarget(layer: layer, module: $0) }
            let rows = modules.map { configuration.size(of: $0).output }
            var parts: [Linear.Part] = []
            for (target, count) in zip(targets, rows) {
                let start = parts.last?.rows.upperBound ?? 0
                parts.append(Linear.Part(target: target, rows: start..<start + count))
            }
            return Linear(
                weight: try weight(
                    targets.map { "\($0.path).weight" }, rows: rows,
                    columns: configuration.size(of: modules[0]).input),
                bias: bias ? try joined(targets.map { "\($0.path).bias" }, rows: rows, columns: []) : nil,
                parts: parts)
        }
        let hidden = configuration.hiddenSize
        let blocks = try (0..<configuration.layerCount).map { layer in
            let name = "model.layers.\(layer)"
            return Block(
                attentionNorm: try tensor("\(name).input_layernorm.weight", [hidden]),
                queryKeyValue: try linear(layer, .query, .key, .value, bias: configuration.attentionBias),
                output: try linear(layer, .output, bias: configuration.attentionOutputBias),
                feedForwardNorm: try tensor("\(name).post_attention_layernorm.weight", [hidden]),
                gateUp: try linear(layer, .gate, .up, bias: configuration.mlpBias),
                down: try linear(layer, .down, bias: configuration.mlpBias))
        }
        func table(_ name: String) throws -> LinearWeight {
            try weight([name], rows: [configuration.vocabularySize], columns: hidden)
        }
        let embedding = try table("model.embed_tokens.weight")
        self.init(
            configuration: configuration, embedding: embedding, blocks: blocks,
            norm: try tensor("model.norm.weight", [hidden]),
            outputHead: configuration.tiedEmbeddings ? embedding : try table("lm_head.weight"))
    }
}
