import LLoCOTorch

extension LlamaConfiguration {
    /// Reads the metadata of a GGUF file.
    ///
    /// Biases and tied embeddings have no key; the file's tensors decide.
    /// - Throws: `CheckpointError`, also for an unsupported architecture.
    public init(gguf checkpoint: GGUFCheckpoint) throws {
        guard let family = ModelFamilies.family(gguf: checkpoint.architecture) else {
            let architecture = checkpoint.architecture
            let reason = architecture.flatMap { ModelFamilies.refused[$0] }
            let known = Set(ModelFamilies.all.map(\.ggufArchitecture)).sorted()
            throw checkpoint.fault(
                "the architecture \(architecture ?? "missing")\(reason.map { ", \($0)" } ?? "")",
                expected: known.joined(separator: ", "), code: .unsupported)
        }
        let reader = GGUFConfigurationReader(
            metadata: checkpoint.metadata, architecture: family.ggufArchitecture, file: checkpoint.file,
            tensors: checkpoint)
        try reader.refuseVariants()
        let hiddenSize = try reader.integer("embedding_length")
        let headCount = try reader.integer("attention.head_count")
        guard headCount > 0 else { throw checkpoint.fault("\(headCount) heads", expected: "at least 1") }
        let headSize = try reader.optionalInteger("attention.key_length")
        guard headSize != nil || hiddenSize % headCount == 0 else {
            throw checkpoint.fault(
                "embedding_length \(hiddenSize) and \(headCount) heads",
                expected: "embedding_length as a multiple of the number of heads")
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
        func hasBias(_ module: String) -> Bool { checkpoint.contains("model.layers.0.\(module).bias") }
        try self.init(
            vocabularySize: vocabularySize, hiddenSize: hiddenSize,
            intermediateSize: reader.integer("feed_forward_length"), layerCount: reader.integer("block_count"),
            headCount: headCount,
            keyValueHeadCount: reader.optionalInteger("attention.head_count_kv") ?? headCount, headSize: size,
            maximumPositions: reader.integer("context_length"),
            ropeTheta: reader.optionalNumber("rope.freq_base") ?? 10_000,
            rmsNormEpsilon: reader.number("attention.layer_norm_rms_epsilon"),
            tiedEmbeddings: !checkpoint.contains("lm_head.weight"),
            attentionBias: hasBias("self_attn.q_proj") || hasBias("self_attn.qkv_proj"),
            attentionOutputBias: hasBias("self_attn.o_proj"), mlpBias: hasBias("mlp.down_proj"),
            bosTokenID: checkpoint.metadata["tokenizer.ggml.bos_token_id"]?.integer,
            eosTokenIDs: eos.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        )
        layer.rope?.scaling = try reader.ropeScaling(maximumPositions: maximumPositions)
        let rotated = try reader.optionalInteger("rope.dimension_count") ?? size
        if rotated != size {
            guard family.allowsPartialRotary else {
                throw checkpoint.fault(
                    "rope.dimension_count \(rotated)", expected: "\(size), the head size", code: .unsupported)
            }
            layer.rope?.dimensions = rotated
        }
        try family.configure(&self, reader)
        if let window = try reader.window(), window < maximumPositions, layer.window == nil,
            otherLayers.values.allSatisfy({ $0.window == nil })
        {
            throw reader.refuse(
                "a sliding window of \(window) positions",
                "none, attention over the whole context, for \(family.modelType)")
        }
        try validate(in: checkpoint.file)
    }
}

extension GGUFConfigurationReader {
    fileprivate func ropeScaling(maximumPositions: Int) throws -> RopeScaling {
        /// The context window before scaling.
        func original() throws -> Int {
            try optionalInteger("rope.scaling.original_context_length") ?? maximumPositions
        }
        if has("rope_freqs.weight") { return .frequencyFactors(try floats("rope_freqs.weight")) }
        if has("rope_factors_long.weight") {
            return .longRope(
                short: try floats("rope_factors_short.weight"), long: try floats("rope_factors_long.weight"),
                originalMaximumPositions: try original(),
                attentionFactor: try optionalNumber("rope.scaling.attn_factor") ?? 1)
        }
        switch try optionalString("rope.scaling.type") {
        case "linear": return .linear(factor: try number("rope.scaling.factor"))
        case "yarn":
            let factor = try number("rope.scaling.factor")
            return .yarn(
                factor: factor, originalMaximumPositions: try original(),
                betaFast: try optionalNumber("rope.scaling.yarn_beta_fast") ?? 32,
                betaSlow: try optionalNumber("rope.scaling.yarn_beta_slow") ?? 1,
                attentionFactor: try (optionalNumber("rope.scaling.attn_factor") ?? 1)
                    * RopeScaling.yarnAttentionFactor(factor, 1, optionalNumber("rope.scaling.yarn_log_multiplier")))
        case nil:
            // Older files use this key; 0 and 1 mean no scaling.
            let scale = try optionalNumber("rope.scale_linear") ?? 1
            return scale == 0 || scale == 1 ? .none : .linear(factor: scale)
        case "none": return .none
        case .some(let type):
            throw refuse("rope scaling of type \(type)", "none, linear, yarn, or tensors of factors")
        }
    }

    fileprivate func refuseVariants() throws {
        if let experts = try optionalInteger("expert_count"), experts > 0 {
            throw refuse("a mixture of \(experts) experts", "a dense model")
        }
        if let key = try optionalInteger("attention.key_length"),
            let value = try optionalInteger("attention.value_length"),
            key != value
        {
            throw refuse("head size \(key) for keys and \(value) for values", "one head size")
        }
    }
}
