/// How a layer's queries and keys are turned by their positions (rotary position embeddings, Su et al. 2021).
public struct Rope: Equatable, Sendable {
    /// Base of the frequencies.
    public var theta: Double
    /// How frequencies change for texts beyond the original window.
    public var scaling: RopeScaling
    /// So many of a head's first dimensions turn, an even number; nil for all.
    public var dimensions: Int?

    /// Llama's way by default: all of a head turns, without scaling.
    public init(theta: Double = 10_000, scaling: RopeScaling = .none, dimensions: Int? = nil) {
        self.theta = theta
        self.scaling = scaling
        self.dimensions = dimensions
    }

    /// Whether frequencies follow from the length of the whole sequence, so that keys turn again when it grows.
    public var dependsOnLength: Bool {
        switch scaling {
        case .dynamic, .longRope: true
        case .none, .linear, .llama3, .yarn, .frequencyFactors: false
        }
    }
}
