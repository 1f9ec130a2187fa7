/// The rotary position embedding of a layer (RoPE, Su et al. 2021).
public struct Rope: Equatable, Sendable {
    /// Base of the frequencies.
    public var theta: Double
    /// Scaling of the frequencies for a context beyond the original window.
    public var scaling: RopeScaling
    /// Number of leading dimensions of a head that are rotated, even; nil for all.
    public var dimensions: Int?

    /// Creates a rotary embedding. The default is Llama's: the whole head is rotated, without scaling.
    public init(theta: Double = 10_000, scaling: RopeScaling = .none, dimensions: Int? = nil) {
        self.theta = theta
        self.scaling = scaling
        self.dimensions = dimensions
    }

    /// Whether the frequencies depend on the sequence length, so that cached keys are rotated again as it grows.
    public var dependsOnLength: Bool {
        switch scaling {
        case .dynamic, .longRope: true
        case .none, .linear, .llama3, .yarn, .frequencyFactors: false
        }
    }
}
