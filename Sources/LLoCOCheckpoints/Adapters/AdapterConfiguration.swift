/// The `adapter_config.json` of a LoRA adapter in PEFT's layout.
public struct AdapterConfiguration: Equatable, Sendable {
    /// `r`, where `rankPattern` does not say otherwise.
    public var rank: Int
    /// `lora_alpha`, where `alphaPattern` does not say otherwise.
    public var alpha: Double
    /// Chance that an input of a LoRA branch is dropped in training.
    public var dropout: Double
    /// Names of the linear layers, such as `q_proj`; a longer path picks layers apart.
    public var targetModules: [String]
    /// Other ranks, by the end of a layer's path. In order: the first that fits counts.
    public var rankPattern: [Pattern<Int>]
    /// Other alphas, by the end of a layer's path. In order: the first that fits counts.
    public var alphaPattern: [Pattern<Double>]
    /// Whether the scale is alpha / sqrt(r) instead of alpha / r (arXiv 2312.03732).
    public var isRankStabilized: Bool
    /// What the adapter was trained on; a name or a path, for information.
    public var baseModel: String?

    /// An exception for the layers whose path is `suffix` or ends in `.suffix`.
    public struct Pattern<Value: Equatable & Sendable>: Equatable, Sendable {
        /// The end of a layer's path, whole names between dots: `q_proj`, `layers.3.self_attn.q_proj`
        public var suffix: String
        /// What these layers have instead
        public var value: Value

        /// An exception for some layers.
        public init(suffix: String, value: Value) {
            self.suffix = suffix
            self.value = value
        }
    }

    /// A plain LoRA by default: one rank and one alpha, without dropout.
    public init(
        rank: Int, alpha: Double, dropout: Double = 0, targetModules: [String], rankPattern: [Pattern<Int>] = [],
        alphaPattern: [Pattern<Double>] = [], isRankStabilized: Bool = false, baseModel: String? = nil
    ) {
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.targetModules = targetModules
        self.rankPattern = rankPattern
        self.alphaPattern = alphaPattern
        self.isRankStabilized = isRankStabilized
        self.baseModel = baseModel
    }

    /// The rank of one layer.
    public func rank(of target: AdapterTarget) -> Int {
        rankPattern.first { Self.path(target.path, endsIn: $0.suffix) }?.value ?? rank
    }

    /// What the product B A x of one layer is multiplied by.
    public func scale(of target: AdapterTarget) -> Double {
        let rank = Double(rank(of: target))
        return alpha(of: target) / (isRankStabilized ? rank.squareRoot() : rank)
    }

    func alpha(of target: AdapterTarget) -> Double {
        alphaPattern.first { Self.path(target.path, endsIn: $0.suffix) }?.value ?? alpha
    }

    /// Whether `targetModules` names the layer.
    func names(_ target: AdapterTarget) -> Bool {
        targetModules.contains { Self.path(target.path, endsIn: $0) }
    }

    static func path(_ path: String, endsIn suffix: String) -> Bool {
        path == suffix || path.hasSuffix("." + suffix)
    }
}
