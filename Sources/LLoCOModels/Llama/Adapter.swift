import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOTorch

/// A LoRA adapter (Hu et al. 2021): y += (alpha / r) · B · A · x for some of a model's linear layers.
///
/// During training its matrices are float32, whatever the computation's dtype, so that small updates are not lost.
public final class Adapter: Sendable {
    /// One adapted layer's matrices.
    public struct Pair: Sendable {
        /// [r, in]
        public let a: Tensor
        /// [out, r]
        public let b: Tensor
        /// The factor of B · A · x: alpha / r, or 1 if B contains it already (``Adapter/frozen(as:device:)``).
        public let scale: Double
    }

    /// The adapter's hyperparameters; the factor that is applied is ``Pair/scale``.
    public let configuration: AdapterConfiguration
    /// The matrices of each adapted layer.
    public let pairs: [AdapterTarget: Pair]
    /// The dropout probability of the input of A in training; 0 for a frozen adapter.
    let dropout: Double

    private init(configuration: AdapterConfiguration, pairs: [AdapterTarget: Pair], dropout: Double) {
        self.configuration = configuration
        self.pairs = pairs
        self.dropout = dropout
    }

    /// The four attention projections, which LLoCO and AutoCompressors tune.
    public static let attentionModules: [AdapterModule] = [.query, .key, .value, .output]

    /// Whether the adapter has a pair for each of the modules in every layer, and no other.
    package func covers(_ modules: [AdapterModule], layers: Int) -> Bool {
        pairs.count == modules.count * layers && pairs.keys.allSatisfy { modules.contains($0.module) }
    }

    /// Creates an adapter for training: A uniform as in Kaiming et al. 2015 with a = √5 (within ±1/√in), B zero, so
    /// that the adapter has no effect yet. Uses this thread's random generator (`Runtime.seed`).
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

    /// Loads a stored adapter with float32 matrices on the model's device, to be trained further or frozen.
    /// - Throws: `ModelError` if the adapter does not fit the model.
    public convenience init(_ checkpoint: AdapterCheckpoint, for model: Llama) throws {
        let configuration = checkpoint.configuration
        let pairs = try checkpoint.weights.map { target, weights in
            (
                target,
                Pair(
                    // A copy, because training must not write to the mapped file.
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

    /// The adapter as it is stored in files.
    /// - Parameter baseModel: the adapter's model, by name or digest
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

    /// The adapter for inference: matrices in the computation's dtype, the scale multiplied into B, no dropout.
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
    /// - Throws: `ModelError` that names the first one that does not.
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
