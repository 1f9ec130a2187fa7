import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOTorch

/// A LoRA adapter (Hu et al. 2021): y += (alpha / r) · B · A · x for some of a model's linear layers.
///
/// While it is trained its matrices are float32, whatever the computation's dtype, so that small steps are not lost.
public final class Adapter: Sendable {
    /// One adapted layer's matrices.
    public struct Pair: Sendable {
        /// [r, in]
        public let a: Tensor
        /// [out, r]
        public let b: Tensor
        /// What B · A · x is multiplied by: alpha / r, or 1 where that is in B already (``Adapter/frozen(as:device:)``)
        public let scale: Double
    }

    /// What the adapter was made with; ``Pair/scale`` is what is computed.
    public let configuration: AdapterConfiguration
    /// The matrices of each layer that is adapted.
    public let pairs: [AdapterTarget: Pair]
    /// The probability with which a training step drops an element of the input of A; 0 for a frozen adapter.
    let dropout: Double

    private init(configuration: AdapterConfiguration, pairs: [AdapterTarget: Pair], dropout: Double) {
        self.configuration = configuration
        self.pairs = pairs
        self.dropout = dropout
    }

    /// The four projections of attention: what LLoCO and AutoCompressors tune.
    public static let attentionModules: [AdapterModule] = [.query, .key, .value, .output]

    /// Whether it has a pair for each of some modules in every layer, and no other.
    package func covers(_ modules: [AdapterModule], layers: Int) -> Bool {
        pairs.count == modules.count * layers && pairs.keys.allSatisfy { modules.contains($0.module) }
    }

    /// A fresh adapter for training: A uniform as Kaiming et al. 2015 with a = √5 (within ±1/√in), B zero, so that it
    /// changes nothing yet. Draws from libtorch's generator (`Runtime.seed`).
    public convenience init(
        for model: Llama, rank: Int, alpha: Double, dropout: Double, modules: [AdapterModule] = attentionModules
    ) throws {
        let configuration = AdapterConfiguration(
            rank: rank, alpha: alpha, dropout: dropout, targetModules: modules.map(\.rawValue))
        var pairs: [AdapterTarget: Pair] = [:]
        for layer in 0..<model.configuration.layerCount {
            for module in modules {
                let target = AdapterTarget(layer: layer, module: module)
                let (input, output) = model.configuration.size(of: module)
                let bound = 1 / Double(input).squareRoot()
                let a = try Tensor.rand([rank, input]) * (2 * bound) - bound
                pairs[target] = Pair(
                    a: try a.to(device: model.device), b: try .zeros([output, rank], device: model.device),
                    scale: configuration.scale(of: target))
            }
        }
        self.init(configuration: configuration, pairs: pairs, dropout: dropout)
    }

    /// A stored adapter, its matrices in float32 on the model's device, ready to be trained on or to be frozen.
    /// - Throws: `ModelError` where it does not fit the model.
    public convenience init(_ checkpoint: AdapterCheckpoint, for model: Llama) throws {
        let configuration = checkpoint.configuration
        let pairs = try checkpoint.weights.map { target, weights in
            (
                target,
                Pair(
                    // A copy: the file's pages are not to be trained on.
                    a: try weights.a.to(.float32).cloned().to(device: model.device),
                    b: try weights.b.to(.float32).cloned().to(device: model.device),
                    scale: configuration.scale(of: target))
            )
        }
        self.init(
            configuration: configuration, pairs: Dictionary(uniqueKeysWithValues: pairs),
            dropout: configuration.dropout)
        try check(fits: model.configuration)
    }

    /// What is written to files.
    /// - Parameter baseModel: what the adapter is for, in words or by its digest
    public func checkpoint(as dtype: DType = .float32, baseModel: String? = nil) throws -> AdapterCheckpoint {
        var configuration = self.configuration
        configuration.baseModel = baseModel ?? configuration.baseModel
        return AdapterCheckpoint(
            configuration: configuration,
            weights: try pairs.mapValues {
                .init(
                    a: try $0.a.detached().to(dtype, device: .cpu), b: try $0.b.detached().to(dtype, device: .cpu))
            })
    }

    /// Every matrix, in a fixed order: by layer, then by module, A before B.
    public var parameters: [Tensor] {
        pairs.keys.sorted().flatMap { [pairs[$0]!.a, pairs[$0]!.b] }
    }

    /// The same adapter for use only: its matrices in the computation's dtype, the scale multiplied into B, no dropout.
    public func frozen(as dtype: DType, device: Device) throws -> Adapter {
        try withoutGradients {
            Adapter(
                configuration: configuration,
                pairs: try pairs.mapValues {
                    Pair(
                        a: try $0.a.detached().to(dtype, device: device),
                        b: try ($0.b.detached() * $0.scale).to(dtype, device: device), scale: 1)
                }, dropout: 0)
        }
    }

    /// Checks that the adapter's matrices fit a model.
    /// - Throws: `ModelError` naming the first that does not.
    public func check(fits configuration: LlamaConfiguration) throws {
        for target in pairs.keys.sorted() {
            let (input, output) = configuration.size(of: target.module)
            let (a, b) = (pairs[target]!.a.shape, pairs[target]!.b.shape)
            guard target.layer < configuration.layerCount, a.count == 2, b.count == 2, a[1] == input, b[0] == output,
                a[0] == b[1]
            else {
                throw ModelError(
                    .invalid,
                    "the adapter is of another model: \(target.path) has A \(a) and B \(b), expected A [r, \(input)] "
                        + "and B [\(output), r] in \(configuration.layerCount) layers")
            }
        }
    }
}

extension LlamaConfiguration {
    /// The input and output sizes of a block's linear layer.
    public func size(of module: AdapterModule) -> (input: Int, output: Int) {
        switch module {
        case .query: (hiddenSize, headCount * headSize)
        case .key, .value: (hiddenSize, keyValueHeadCount * headSize)
        case .output: (headCount * headSize, hiddenSize)
        case .gate, .up: (hiddenSize, intermediateSize)
        case .down: (intermediateSize, hiddenSize)
        }
    }
}
