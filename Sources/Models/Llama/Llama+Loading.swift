public import Checkpoints
public import Torch

extension Llama {
    /// Reads a decoder's weights.
    ///
    /// - Parameters:
    ///   - checkpoint: tensors under Hugging Face's names
    ///   - dtype: of the weights and the computation; float32 where the processor has no faster one
    /// - Throws: `CheckpointError` where a tensor is missing or has another shape than the configuration says.
    public convenience init(
        _ checkpoint: any Checkpoint, configuration: LlamaConfiguration, dtype: DType = .float32,
        device: Device = .cpu
    ) throws {
        func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
            try checkpoint.tensor(name, shape: shape, as: dtype).to(device: device)
        }
        func linear(_ layer: Int, _ module: AdapterModule, bias: Bool) throws -> Linear {
            let target = AdapterTarget(layer: layer, module: module)
            let (input, output) = configuration.size(of: module)
            return Linear(
                weight: try tensor("\(target.path).weight", [output, input]),
                bias: bias ? try tensor("\(target.path).bias", [output]) : nil, target: target)
        }
        let hidden = configuration.hiddenSize
        let blocks = try (0..<configuration.layerCount).map { layer in
            let name = "model.layers.\(layer)"
            let bias = configuration.attentionBias
            return Block(
                attentionNorm: try tensor("\(name).input_layernorm.weight", [hidden]),
                query: try linear(layer, .query, bias: bias), key: try linear(layer, .key, bias: bias),
                value: try linear(layer, .value, bias: bias),
                output: try linear(layer, .output, bias: configuration.attentionOutputBias),
                feedForwardNorm: try tensor("\(name).post_attention_layernorm.weight", [hidden]),
                gate: try linear(layer, .gate, bias: configuration.mlpBias),
                up: try linear(layer, .up, bias: configuration.mlpBias),
                down: try linear(layer, .down, bias: configuration.mlpBias))
        }
        let table = [configuration.vocabularySize, hidden]
        let embedding = try tensor("model.embed_tokens.weight", table)
        self.init(
            configuration: configuration, embedding: embedding, blocks: blocks,
            norm: try tensor("model.norm.weight", [hidden]),
            outputHead: configuration.tiedEmbeddings ? embedding : try tensor("lm_head.weight", table))
    }
}
