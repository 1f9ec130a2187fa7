import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTorch

/// A tiny decoder with random weights, created in the test: it has biases, unlike the fixtures, and its weights can be
/// changed.
struct TinyModel {
    var configuration: LlamaConfiguration
    var tensors: [String: Tensor] = [:]

    init(
        seed: UInt64 = 1, tied: Bool = false, biased: Bool = false, positions: Int = 512,
        keyValueHeads: Int = 2, vocabulary: Int = 40, hiddenSize: Int = 24, headSize: Int = 8
    ) throws {
        configuration = LlamaConfiguration(
            vocabularySize: vocabulary, hiddenSize: hiddenSize, intermediateSize: 32, layerCount: 2, headCount: 4,
            keyValueHeadCount: keyValueHeads, headSize: headSize, maximumPositions: positions, rmsNormEpsilon: 1e-5,
            tiedEmbeddings: tied, attentionBias: biased, attentionOutputBias: biased, mlpBias: biased)
        var generator = SplitMix64(seed: seed)
        func add(_ name: String, _ shape: [Int], scale: Double, offset: Double = 0) throws {
            let values = (0..<shape.reduce(1, *)).map { _ in
                Float(offset + scale * Double.random(in: -1...1, using: &generator))
            }
            tensors[name] = try Tensor(values, shape: shape)
        }
        let hidden = configuration.hiddenSize
        try add("model.embed_tokens.weight", [vocabulary, hidden], scale: 1)
        if !tied { try add("lm_head.weight", [vocabulary, hidden], scale: 1) }
        try add("model.norm.weight", [hidden], scale: 0.3, offset: 1)
        for layer in 0..<configuration.layerCount {
            for norm in ["input_layernorm", "post_attention_layernorm"] {
                try add("model.layers.\(layer).\(norm).weight", [hidden], scale: 0.3, offset: 1)
            }
            for module in AdapterModule.allCases {
                let (input, output) = configuration.size(of: module)
                let path = AdapterTarget(layer: layer, module: module).path
                try add("\(path).weight", [output, input], scale: 2.5 / Double(input).squareRoot())
                if biased { try add("\(path).bias", [output], scale: 0.5) }
            }
        }
    }

    func checkpoint() throws -> SafetensorsCheckpoint {
        try SafetensorsCheckpoint(data: SafetensorsWriter.data(tensors), named: "tiny.safetensors")
    }

    func load(_ dtype: DType = .float32) throws -> Llama {
        try Llama(checkpoint(), configuration: configuration, dtype: dtype)
    }

    /// Random ids of the vocabulary.
    func ids(_ count: Int, seed: UInt64 = 9) -> [Int] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { _ in Int.random(in: 0..<configuration.vocabularySize, using: &generator) }
    }

    /// A random adapter, B not zero.
    func adapter(
        rank: Int = 3, alpha: Double = 6, dropout: Double = 0, seed: UInt64 = 2,
        modules: [AdapterModule] = Adapter.attentionModules
    ) throws -> AdapterCheckpoint {
        var generator = SplitMix64(seed: seed)
        func random(_ shape: [Int]) throws -> Tensor {
            try Tensor(
                (0..<shape.reduce(1, *)).map { _ in Float.random(in: -0.4...0.4, using: &generator) }, shape: shape)
        }
        var weights: [AdapterTarget: AdapterCheckpoint.Weights] = [:]
        for layer in 0..<configuration.layerCount {
            for module in modules {
                let (input, output) = configuration.size(of: module)
                weights[AdapterTarget(layer: layer, module: module)] = .init(
                    a: try random([rank, input]), b: try random([output, rank]))
            }
        }
        return AdapterCheckpoint(
            configuration: AdapterConfiguration(
                rank: rank, alpha: alpha, dropout: dropout, targetModules: modules.map(\.rawValue)),
            weights: weights)
    }

    /// The same model with an adapter merged into its weights.
    func merged(_ adapter: AdapterCheckpoint) throws -> TinyModel {
        var model = self
        for (target, pair) in adapter.weights {
            let name = "\(target.path).weight"
            let change = try pair.b.matmul(pair.a) * adapter.configuration.scale(of: target)
            model.tensors[name] = try tensors[name].map { try $0 + change }
        }
        return model
    }
}
