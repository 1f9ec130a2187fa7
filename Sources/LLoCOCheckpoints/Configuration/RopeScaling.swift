/// Scaling of the rotary frequencies for a context longer than that of pretraining.
public enum RopeScaling: Equatable, Sendable {
    case none
    /// All frequencies divided by `factor` (arXiv 2306.15595).
    case linear(factor: Double)
    /// Low frequencies divided by `factor`, high ones unchanged, with smooth interpolation between (Llama 3.1).
    case llama3(
        factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalMaximumPositions: Int)
    /// YaRN (Peng et al. 2024). Frequencies with more than `betaFast` rotations over the original window are unchanged,
    /// those with fewer than `betaSlow` are divided by `factor`. Cosines and sines are multiplied by `attentionFactor`.
    /// `truncates`: whether the bounds of the range between are rounded to whole dimensions.
    case yarn(
        factor: Double, originalMaximumPositions: Int, betaFast: Double = 32, betaSlow: Double = 1,
        attentionFactor: Double, truncates: Bool = true)
    /// Dynamic NTK: the base grows with the length of sequences beyond the original window.
    case dynamic(factor: Double, originalMaximumPositions: Int)
    /// LongRoPE (Ding et al. 2024). Frequency i is divided by the i-th short factor, or by the i-th long factor in
    /// sequences longer than the original window. Cosines and sines are multiplied by `attentionFactor`.
    case longRope(short: [Float], long: [Float], originalMaximumPositions: Int, attentionFactor: Double)
    /// Frequency i divided by the i-th factor, one factor per two rotated dimensions. This is the `rope_freqs.weight`
    /// of a GGUF file, which contains Llama 3's scaling.
    case frequencyFactors([Float])
}
