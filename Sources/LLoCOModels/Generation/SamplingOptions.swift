import LLoCOBase

/// How the next token is sampled.
public struct SamplingOptions: Sendable, Equatable {
    /// The divisor of logits before sampling; 0 (the default) selects the most likely token.
    public var temperature: Double
    /// The probability mass of the most likely tokens to sample from (Holtzman et al. 2020); 1 keeps all tokens.
    public var topP: Double
    /// The random seed: the same seed gives the same text.
    public var seed: UInt64

    /// Greedy decoding: always the most likely token.
    public static let greedy = SamplingOptions()

    /// Creates options for sampling.
    /// - Throws: `ModelError` for a negative or infinite temperature, or a `topP` that is not in (0, 1].
    public init(temperature: Double, topP: Double = 1, seed: UInt64 = 0) throws {
        guard temperature.isFinite, temperature >= 0 else {
            throw ModelError(.invalid, "a temperature of \(temperature), expected 0 (greedy) or more")
        }
        guard topP > 0, topP <= 1 else {
            throw ModelError(.invalid, "a top-p of \(topP), expected more than 0 and at most 1")
        }
        self.temperature = temperature
        self.topP = topP
        self.seed = seed
    }

    private init() {
        temperature = 0
        topP = 1
        seed = 0
    }
}
