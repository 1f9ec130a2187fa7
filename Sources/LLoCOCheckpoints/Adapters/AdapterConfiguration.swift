/// The `adapter_config.json` of a LoRA adapter in PEFT's layout.
public struct AdapterConfiguration: Equatable, Sendable {
    /// `r`: the rank of layers that `rankPattern` does not match.
    public var rank: Int
    /// `lora_alpha`: the alpha of layers that `alphaPattern` does not match.
    public var alpha: Double
    /// Dropout probability of a LoRA branch's input in training.
    public var dropout: Double
    /// Names of the adapted linear layers, such as `q_proj`, or longer path suffixes that select single layers.
    public var targetModules: [String]
    /// Ranks of single layers, by path suffix. The first match applies.
    public var rankPattern: [Pattern<Int>]
    /// Alphas of single layers, by path suffix. The first match applies.
    public var alphaPattern: [Pattern<Double>]
    /// Whether the scale is alpha / sqrt(r) instead of alpha / r (arXiv 2312.03732).
    public var isRankStabilized: Bool
    /// Name or path of the model that the adapter was trained on, for information.
    public var baseModel: String?

    /// A value for the layers whose path is `suffix` or ends in `.suffix`.
    public struct Pattern<Value: Equatable & Sendable>: Equatable, Sendable {
        /// Suffix of a layer's path, in whole dot-separated names: `q_proj`, `layers.3.self_attn.q_proj`.
        public var suffix: String
        /// The rank or alpha of these layers.
        public var value: Value

        /// Creates a value for the layers with a path suffix.
        public init(suffix: String, value: Value) {
            self.suffix = suffix
            self.value = value
        }
    }

    /// Creates a configuration. The default is plain LoRA: one rank and one alpha, without dropout.
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

    /// The factor of the product B A x of one layer.
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
