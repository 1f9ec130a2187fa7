import LLoCOTorch

/// The dtypes that quantised tensors are converted to directly.
enum NumberFormat: Sendable {
    case float32, float16, bfloat16

    init?(_ dtype: DType) {
        switch dtype {
        case .float32: self = .float32
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        default: return nil
        }
    }

    var byteCount: Int { self == .float32 ? 4 : 2 }
}
