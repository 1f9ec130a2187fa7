/// How rotary position frequencies are changed to reach beyond the context a model was first trained for.
public enum RopeScaling: Equatable, Sendable {
    case none
    /// All frequencies divided by `factor` (arXiv 2306.15595).
    case linear(factor: Double)
    /// Low frequencies divided by `factor`, high ones kept, a smooth passage between (Llama 3.1).
    case llama3(
        factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalMaximumPositions: Int)
    /// Frequency i divided by the i-th factor, `headSize / 2` of them: the `rope_freqs.weight` of a GGUF file, where the
    /// scaling of Llama 3 is already worked out.
    case frequencyFactors([Float])
}
