import LLoCOTorch

/// The weights of decode steps. A step reads all weights once and computes little: with a quarter of the bytes it takes
/// a quarter of the time. Prefill and training always use the model's weights.
public enum DecodeWeights: String, Sendable, CaseIterable {
    /// `lossless` for a model in the device's default dtype, `full` for a model in a requested dtype.
    case automatic = "auto"
    /// The model's weights.
    case full
    /// On a CPU the quantized blocks of the model's file, without a copy. Q4_0 and Q4_1 get a 4-bit copy; weights that
    /// are not quantized or were dequantized get an 8-bit copy.
    case lossless
    /// An 8-bit copy on a CPU.
    case eightBit = "8-bit"
    /// A 4-bit copy on a CPU.
    case fourBit = "4-bit"

    /// The bits of the quantized copy; nil for the model's weights.
    /// - Parameter hasDefaultDType: whether the dtype was left at its default
    func bits(hasDefaultDType: Bool) -> QuantizedWeight.Bits? {
        switch self {
        case .automatic: hasDefaultDType ? .lossless : nil
        case .full: nil
        case .lossless: .lossless
        case .eightBit: .eight
        case .fourBit: .four
        }
    }
}
