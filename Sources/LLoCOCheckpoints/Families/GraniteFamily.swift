/// Granite (dense): Llama with multipliers of embeddings, attention scores, residual branches and logits.
struct GraniteFamily: ModelFamily {
    let modelType = "granite"
    let classes: Set<String> = ["GraniteForCausalLM", "GraniteModel"]
    let ggufArchitecture = "granite"
    let hasPermutedRows = true

    func configure(_ configuration: inout LlamaConfiguration, _ reader: ConfigurationReader) throws {
        configuration.layer.attentionOutputBias = configuration.layer.attentionBias
        try scale(
            &configuration, embedding: reader.optionalNumber("embedding_multiplier"),
            attention: reader.optionalNumber("attention_multiplier") ?? 1,
            residual: reader.optionalNumber("residual_multiplier"), logits: reader.optionalNumber("logits_scaling"),
            in: reader.file)
    }

    func configure(_ configuration: inout LlamaConfiguration, _ reader: GGUFConfigurationReader) throws {
        func number(_ key: String) throws -> Double? { try reader.optionalNumber(key).flatMap { $0 == 0 ? nil : $0 } }
        if try reader.optionalBool("rope.scaling.finetuned") == false { configuration.layer.rope = nil }
        try scale(
            &configuration, embedding: number("embedding_scale"), attention: number("attention.scale"),
            residual: number("residual_scale"), logits: number("logit_scale"), in: reader.file)
    }

    /// Sets the multipliers.
    ///
    /// - Parameter attention: nil for 1 / √(head size)
    private func scale(
        _ configuration: inout LlamaConfiguration, embedding: Double?, attention: Double?, residual: Double?,
        logits: Double?, in file: FileBytes
    ) throws {
        let (embedding, residual, logits) = (embedding ?? 1, residual ?? 1, logits ?? 1)
        for (name, value) in [("residual multiplier", residual), ("logits scaling", logits)]
        where !(1e-3...1e3).contains(value) {
            throw file.fault("\(name) \(value)", expected: "0.001 to 1000")
        }
        configuration.layer.attentionScale = attention
        configuration.logitScale = 1 / logits
        // Granite adds each branch times the residual multiplier r to the residual stream, which only norms read. The
        // result is the same with unscaled branches if the stream is divided by r and the norms' epsilon by r².
        configuration.embeddingScale = embedding / residual
        configuration.rmsNormEpsilon /= residual * residual
    }
}
