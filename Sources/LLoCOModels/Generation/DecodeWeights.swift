import LLoCOTorch

/// The weights that single steps of a generation are computed from. A step reads all of them once and computes little:
/// with a quarter of the bytes it takes a quarter of the time. Prompts and training always use the model's own.
public enum DecodeWeights: String, Sendable, CaseIterable {
    /// `lossless` for a model that was loaded in the device's own dtype, `full` for one that was asked for in a certain
    /// dtype
    case automatic = "auto"
    /// the model's own
    case full
    /// a quantized copy on a CPU, of 4 bits where the model's file has no more and of 8 elsewhere
    case lossless
    case eightBit = "8-bit"
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
