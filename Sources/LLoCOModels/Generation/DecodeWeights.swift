import LLoCOTorch

/// The weights that single steps of a generation are computed from. A step reads all of them once and computes little:
/// with a quarter of the bytes it takes a quarter of the time. Prompts and training always use the model's own.
public enum DecodeWeights: String, Sendable, CaseIterable {
    /// `lossless` for a model that was loaded in the device's own dtype, `full` for one that was asked for in a certain
    /// dtype
    case automatic = "auto"
    /// the model's own
    case full
    /// on a CPU the quantized blocks of the model's file as they lie there; a copy of 4 bits of Q4_0 and Q4_1, and one of 8 of
    /// what is not quantized or was expanded
    case lossless
    /// a copy of 8 bits on a CPU
    case eightBit = "8-bit"
    /// a copy of 4 bits on a CPU
    case fourBit = "4-bit"

    /// - Parameter hasDefaultDType: whether nobody has asked for a dtype
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
