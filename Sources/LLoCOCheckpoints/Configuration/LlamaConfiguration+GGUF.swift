import LLoCOTorch

extension LlamaConfiguration {
    /// Reads the metadata of a GGUF file of the architecture `llama` (also Mistral's) or `qwen2`.
    ///
    /// Biases and tied embeddings have no key: what the file holds decides.
    /// - Throws: `CheckpointError`.
    public init(gguf checkpoint: GGUFCheckpoint) throws {
        guard let architecture = checkpoint.architecture, ["llama", "qwen2"].contains(architecture) else {
            throw checkpoint.fault(
                "the architecture \(checkpoint.architecture ?? "of no name")", expected: "llama or qwen2",
                code: .unsupported)
        }
        let reader = GGUFConfigurationReader(checkpoint: checkpoint, architecture: architecture)
        try reader.refuseVariants()
        let hiddenSize = try reader.integer("embedding_length")
        let headCount = try reader.integer("attention.head_count")
        guard headCount > 0 else { throw checkpoint.fault("\(headCount) heads", expected: "at least 1") }
        let headSize = try reader.optionalInteger("attention.key_length")
        guard headSize != nil || hiddenSize % headCount == 0 else {
            throw checkpoint.fault(
                "embedding_length \(hiddenSize) and \(headCount) heads", expected: "the first a multiple of the second")
        }
        let embedding = try checkpoint.shape(of: "model.embed_tokens.weight")
        guard embedding.count == 2, embedding[1] == hiddenSize else {
            throw checkpoint.fault(
                "tensor token_embd.weight of shape \(embedding)", expected: "rows of \(hiddenSize)", code: .mismatch)
        }
        let vocabularySize = try reader.optionalInteger("vocab_size") ?? embedding[0]
        guard vocabularySize == embedding[0] else {
            throw checkpoint.fault(
                "vocab_size \(vocabularySize)", expected: "\(embedding[0]), the rows of token_embd.weight",
                code: .mismatch)
        }
        let size = headSize ?? hiddenSize / headCount
        let eos = ["eos_token_id", "eot_token_id"].compactMap { checkpoint.metadata["tokenizer.ggml.\($0)"]?.integer }
        try self.init(
            vocabularySize: vocabularySize, hiddenSize: hiddenSize,
            intermediateSize: reader.integer("feed_forward_length"), layerCount: reader.integer("block_count"),
            headCount: headCount,
            keyValueHeadCount: reader.optionalInteger("attention.head_count_kv") ?? headCount, headSize: size,
            maximumPositions: reader.integer("context_length"),
            ropeTheta: reader.optionalNumber("rope.freq_base") ?? 10_000, ropeScaling: reader.ropeScaling(),
            rmsNormEpsilon: reader.number("attention.layer_norm_rms_epsilon"),
            tiedEmbeddings: !checkpoint.contains("lm_head.weight"),
            attentionBias: checkpoint.contains("model.layers.0.self_attn.q_proj.bias"),
            attentionOutputBias: checkpoint.contains("model.layers.0.self_attn.o_proj.bias"),
            mlpBias: checkpoint.contains("model.layers.0.mlp.down_proj.bias"),
            bosTokenID: checkpoint.metadata["tokenizer.ggml.bos_token_id"]?.integer,
            eosTokenIDs: eos.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        )
        try validate(in: checkpoint.file)
        if let rotated = try reader.optionalInteger("rope.dimension_count"), rotated != size {
            throw checkpoint.fault(
                "rope.dimension_count \(rotated)", expected: "\(size), the head size", code: .unsupported)
        }
    }
}

/// Typed access to the keys of one architecture.
private struct GGUFConfigurationReader {
    let checkpoint: GGUFCheckpoint
    let architecture: String

    private func value(_ key: String) -> GGUFValue? { checkpoint.metadata["\(architecture).\(key)"] }

    private func fault(_ key: String, _ value: GGUFValue?, _ expected: String) -> CheckpointError {
        guard let value else {
            return checkpoint.fault("no \(architecture).\(key)", expected: expected, code: .missing)
        }
        return checkpoint.fault("\(architecture).\(key) is \(value.summary)", expected: expected)
    }

    func optionalInteger(_ key: String) throws -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = value.integer else { throw fault(key, value, "one integer for all layers") }
        return integer
    }

    func integer(_ key: String) throws -> Int {
        guard let integer = try optionalInteger(key) else { throw fault(key, nil, "an integer") }
        return integer
    }

    func optionalNumber(_ key: String) throws -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.double else { throw fault(key, value, "a number") }
        return number
    }

    func number(_ key: String) throws -> Double {
        guard let number = try optionalNumber(key) else { throw fault(key, nil, "a number") }
        return number
    }

    func ropeScaling() throws -> RopeScaling {
        if checkpoint.contains("rope_freqs.weight") {
            return .frequencyFactors(try checkpoint.tensor("rope_freqs.weight", as: .float32).array(of: Float.self))
        }
        switch value("rope.scaling.type")?.string {
        case "linear": return .linear(factor: try number("rope.scaling.factor"))
        case nil:
            // The key of older files; 0 and 1 mean no scaling.
            let scale = try optionalNumber("rope.scale_linear") ?? 1
            return scale == 0 || scale == 1 ? .none : .linear(factor: scale)
        case "none": return .none
        case .some(let type):
            throw checkpoint.fault("rope scaling of the type \(type)", expected: "none or linear", code: .unsupported)
        }
    }

    func refuseVariants() throws {
        if let experts = try optionalInteger("expert_count"), experts > 0 {
            throw checkpoint.fault("a mixture of \(experts) experts", expected: "a dense model", code: .unsupported)
        }
        if let window = try optionalInteger("attention.sliding_window"), window > 0,
            try window < integer("context_length")
        {
            throw checkpoint.fault(
                "a sliding window of \(window) positions", expected: "none, attention over the whole context",
                code: .unsupported)
        }
        if let key = try optionalInteger("attention.key_length"),
            let value = try optionalInteger("attention.value_length"),
            key != value
        {
            throw checkpoint.fault(
                "heads of \(key) for keys and \(value) for values", expected: "one head size", code: .unsupported)
        }
    }
}
