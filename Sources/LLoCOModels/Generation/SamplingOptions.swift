import LLoCOBase

/// How the next token is chosen.
public struct SamplingOptions: Sendable, Equatable {
    /// What scores are divided by before drawing; 0 (the default) takes the most likely token.
    public var temperature: Double
    /// Draws only from the most likely tokens whose probabilities sum up to this (Holtzman et al. 2020); 1 keeps all.
    public var topP: Double
    /// The draws' seed: the same seed gives the same text.
    public var seed: UInt64

    /// Always the most likely token.
    public static let greedy = SamplingOptions()

    /// - Throws: `ModelError` for a negative or infinite temperature, or a `topP` outside 0 ..< = 1.
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
