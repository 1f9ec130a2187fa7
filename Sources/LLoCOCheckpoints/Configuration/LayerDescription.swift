/// What a decoder's layer computes: forward pass, decoding and training walk this. The defaults are Llama's.
public struct LayerDescription: Equatable, Sendable {
    /// Where RMS norms stand: before a branch (attention, feed-forward network) on what it reads, after it on what it adds
    /// to the residual stream, or both.
    public enum Norms: Sendable {
        case before, after, beforeAndAfter

        /// Whether a branch reads normed states
        public var areBefore: Bool { self != .after }
        /// Whether what a branch adds is normed
        public var areAfter: Bool { self != .before }
    }

    /// Which RMS norm queries and keys go through before they are turned.
    public enum HeadNorm: Sendable {
        case none
        /// each head by itself, all with one weight
        case eachHead
        /// all heads joined
        case wholeWidth
    }

    /// What the feed-forward network's gate goes through.
    public enum Activation: Sendable {
        case silu
        /// GELU in its tanh form
        case gelu
    }

    /// Queries multiplied by 1 + rate · ln(1 + floor(position / original)) (Llama 4, Ministral 3).
    public struct QueryGrowth: Equatable, Sendable {
        /// What the logarithm is multiplied by; 0 for no growth
        public var rate: Double
        /// Positions between two steps of the growth
        public var originalMaximumPositions: Int

        /// Growth by `rate` every `originalMaximumPositions` positions.
        public init(rate: Double, originalMaximumPositions: Int) {
            self.rate = rate
            self.originalMaximumPositions = originalMaximumPositions
        }
    }

    /// Where RMS norms stand; before each branch by default
    public var norms = Norms.before
    /// How queries and keys are normed; not at all by default
    public var headNorm = HeadNorm.none
    /// Whether the query, key and value projections have biases.
    public var attentionBias = false
    /// Whether attention's output projection has a bias.
    public var attentionOutputBias = false
    /// Whether the feed-forward projections have biases.
    public var mlpBias = false
    /// What the feed-forward network's gate goes through; SiLU by default
    public var activation = Activation.silu
    /// How many positions a query sees, its own and those right before it; nil for all.
    public var window: Int?
    /// nil where positions are not told apart but by their order
    public var rope: Rope? = Rope()
    /// What scores are multiplied by; nil for 1 / sqrt(head size)
    public var attentionScale: Double?
    /// How queries grow with their positions; nil where they do not
    public var queryGrowth: QueryGrowth?

    /// Llama's layer.
    public init() {}
}
