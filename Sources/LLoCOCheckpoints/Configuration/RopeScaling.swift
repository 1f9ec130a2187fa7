/// How rotary position frequencies are changed to reach beyond the context a model was first trained for.
public enum RopeScaling: Equatable, Sendable {
    case none
    /// All frequencies divided by `factor` (arXiv 2306.15595).
    case linear(factor: Double)
    /// Low frequencies divided by `factor`, high ones kept, a smooth passage between (Llama 3.1).
    case llama3(
        factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalMaximumPositions: Int)
    /// The same by rotations over the original window: above `betaFast` kept, below `betaSlow` divided by `factor`; cosines
    /// and sines are multiplied by `attentionFactor` (YaRN, Peng et al. 2024). `truncates`: whether the bounds between are
    /// whole dimensions.
    case yarn(
        factor: Double, originalMaximumPositions: Int, betaFast: Double = 32, betaSlow: Double = 1,
        attentionFactor: Double, truncates: Bool = true)
    /// A base that grows with a sequence longer than the original window.
    case dynamic(factor: Double, originalMaximumPositions: Int)
    /// Frequency i divided by the i-th short factor, in a sequence longer than the original window by the i-th long one;
    /// cosines and sines are multiplied by `attentionFactor` (LongRoPE, Ding et al. 2024).
    case longRope(short: [Float], long: [Float], originalMaximumPositions: Int, attentionFactor: Double)
    /// Frequency i divided by the i-th factor, half as many as dimensions turn: the `rope_freqs.weight` of a GGUF file,
    /// where the scaling of Llama 3 is already worked out.
    case frequencyFactors([Float])
}
