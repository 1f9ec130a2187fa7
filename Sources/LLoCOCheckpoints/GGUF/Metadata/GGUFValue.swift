/// A metadata value of a GGUF file.
public enum GGUFValue: Sendable {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case uint64(UInt64)
    case int64(Int64)
    case float32(Float)
    case float64(Double)
    case bool(Bool)
    case string(String)
    case array(GGUFArray)

    /// The value of any integer type; nil for any other type, or if the value does not fit an `Int`.
    public var integer: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The value of any number type; nil for any other type.
    public var double: Double? {
        switch self {
        case .float32(let value): Double(value)
        case .float64(let value): value
        case .uint64(let value): Double(value)
        default: integer.map(Double.init)
        }
    }

    /// The boolean value; nil for any other type.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The string value; nil for any other type.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The array, not yet decoded; nil for any other type.
    public var array: GGUFArray? { if case .array(let value) = self { value } else { nil } }

    /// The elements of an array of strings; nil for any other value.
    /// - Throws: `CheckpointError` if an element is not UTF-8.
    public func strings() throws -> [String]? { try array?.strings() }

    /// A short form for messages.
    var summary: String {
        switch self {
        case .bool(let value): "\(value)"
        case .string(let value): "\"\(value.prefix(60))\""
        case .array(let array): "an array of \(array.count)"
        default: double.map { "\($0)" } ?? "?"
        }
    }
}

/// The types of metadata values, by their number in the file.
enum GGUFValueType: UInt32, Sendable {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// Bytes per value; the minimum for strings and arrays.
    var minimumBytes: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64, .string: 8
        case .array: 12
        }
    }
}
