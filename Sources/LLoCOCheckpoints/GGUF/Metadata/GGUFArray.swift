/// An array in a GGUF file's metadata. Its elements are decoded on request: a vocabulary has about 100,000.
public struct GGUFArray: Sendable {
    let elementType: GGUFValueType
    /// Number of elements.
    public let count: Int
    let file: FileBytes
    /// The byte range of the elements. Opening the file has checked their lengths.
    let bytes: Range<Int>

    /// The elements of an array of strings; nil for any other array.
    /// - Throws: `CheckpointError` if an element is not UTF-8.
    public func strings() throws -> [String]? {
        guard elementType == .string else { return nil }
        var cursor = ByteCursor(file, range: bytes)
        var strings: [String] = []
        strings.reserveCapacity(count)
        for _ in 0..<count { strings.append(try cursor.string(cursor.count("a string"), "a string")) }
        return strings
    }

    /// The raw bytes of the elements of an array of strings, which need not be UTF-8; nil for any other array.
    /// - Throws: `CheckpointError`.
    public func byteStrings() throws -> [[UInt8]]? {
        guard elementType == .string else { return nil }
        var cursor = ByteCursor(file, range: bytes)
        var strings: [[UInt8]] = []
        strings.reserveCapacity(count)
        for _ in 0..<count { strings.append(Array(try cursor.bytes(cursor.count("a string"), "a string"))) }
        return strings
    }

    /// The elements of an array of any integer type; nil for any other array, or if an element does not fit an `Int`.
    public func integers() -> [Int]? {
        switch elementType {
        case .uint8: exactly(UInt8.self)
        case .int8: exactly(Int8.self)
        case .uint16: exactly(UInt16.self)
        case .int16: exactly(Int16.self)
        case .uint32: exactly(UInt32.self)
        case .int32: exactly(Int32.self)
        case .uint64: exactly(UInt64.self)
        case .int64: exactly(Int64.self)
        default: nil
        }
    }

    /// The elements of an array of `float32`; nil for any other array.
    public func floats() -> [Float]? {
        guard elementType == .float32 else { return nil }
        return fixed(UInt32.self).map(Float.init(bitPattern:))
    }

    /// The elements of an array of booleans; nil for any other array.
    public func bools() -> [Bool]? {
        guard elementType == .bool else { return nil }
        return fixed(UInt8.self).map { $0 != 0 }
    }

    private func exactly<T: FixedWidthInteger>(_ type: T.Type) -> [Int]? {
        let integers = fixed(type).compactMap { Int(exactly: $0) }
        return integers.count == count ? integers : nil
    }

    private func fixed<T: FixedWidthInteger>(_ type: T.Type) -> [T] {
        let content = file[bytes]
        return (0..<count).map {
            T(littleEndian: content.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self))
        }
    }
}
