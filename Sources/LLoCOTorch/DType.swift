internal import CLLoCOTorch

/// The element type of a tensor.
public enum DType: String, Sendable, CaseIterable {
    case float32, float16, bfloat16, float64, int64, int32, int16, int8, uint8, bool

    /// The size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether the dtype is floating-point, which gradients need.
    public var isFloatingPoint: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        default: false
        }
    }

    var code: ctorch_dtype {
        switch self {
        case .float32: ctorch_float32
        case .float16: ctorch_float16
        case .bfloat16: ctorch_bfloat16
        case .float64: ctorch_float64
        case .int64: ctorch_int64
        case .int32: ctorch_int32
        case .int16: ctorch_int16
        case .int8: ctorch_int8
        case .uint8: ctorch_uint8
        case .bool: ctorch_bool
        }
    }

    init?(code: Int32) {
        guard let match = Self.allCases.first(where: { Int32(bitPattern: $0.code.rawValue) == code }) else {
            return nil
        }
        self = match
    }
}
