/// The architecture of one decoder layer, for the forward pass, decoding and training. The defaults are Llama's.
public struct LayerDescription: Equatable, Sendable {
    /// The positions of RMS norms: on the input of a branch (attention, feed-forward network), on its output before the
    /// residual addition, or both.
    public enum Norms: Sendable {
        case before, after, beforeAndAfter

        /// Whether a branch's input is normalized.
        public var areBefore: Bool { self != .after }
        /// Whether a branch's output is normalized.
        public var areAfter: Bool { self != .before }
    }

    /// The RMS norm of queries and keys before rotation.
    public enum HeadNorm: Sendable {
        case none
        /// Each head separately, with one weight for all heads.
        case eachHead
        /// All heads together.
        case wholeWidth
    }

    /// The activation function of the feed-forward network's gate.
    public enum Activation: Sendable {
        case silu
        /// The tanh approximation of GELU.
        case gelu
    }

    /// Attention temperature scaling: queries are multiplied by 1 + rate · ln(1 + floor(position / original)) (Llama 4,
    /// Ministral 3).
    public struct QueryGrowth: Equatable, Sendable {
        /// Factor of the logarithm; 0 for no growth.
        public var rate: Double
        /// Number of positions between two steps of the growth.
        public var originalMaximumPositions: Int

        /// Creates growth by `rate` every `originalMaximumPositions` positions.
        public init(rate: Double, originalMaximumPositions: Int) {
            self.rate = rate
            self.originalMaximumPositions = originalMaximumPositions
        }
    }

    /// The positions of RMS norms; before each branch by default.
    public var norms = Norms.before
    /// The norm of queries and keys; none by default.
    public var headNorm = HeadNorm.none
    /// Whether the query, key and value projections have biases.
    public var attentionBias = false
    /// Whether attention's output projection has a bias.
    public var attentionOutputBias = false
    /// Whether the feed-forward projections have biases.
    public var mlpBias = false
    /// The activation function of the feed-forward network's gate; SiLU by default.
    public var activation = Activation.silu
    /// The sliding window: number of positions that a query attends to, including its own; nil for all.
    public var window: Int?
    /// The rotary position embedding; nil for a layer without one.
    public var rope: Rope? = Rope()
    /// Factor of the attention scores; nil for 1 / sqrt(head size).
    public var attentionScale: Double?
    /// The growth of queries with their position; nil for none.
    public var queryGrowth: QueryGrowth?

    /// Creates Llama's layer.
    public init() {}
}
