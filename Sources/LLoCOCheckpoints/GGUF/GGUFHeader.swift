/// The header of a GGUF file of version 2 or 3: metadata, and the position of each tensor.
/// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md)
struct GGUFHeader: Sendable {
    struct Entry: Sendable {
        let name: String
        /// Row-major; the file stores the dimensions in reverse order.
        let shape: [Int]
        let type: GGUFTensorType
        let bytes: Range<Int>
        /// The part that contains the tensor.
        let file: FileBytes
    }

    let file: FileBytes

    private(set) var metadata: [String: GGUFValue] = [:]
    private(set) var entries: [Entry] = []

    /// Minimum sizes of a metadata pair and a tensor description. They bound the counts that a file can contain.
    private static let minimumPairBytes = 13
    private static let minimumEntryBytes = 32
    private static let maximumPairs = 1 << 16
    private static let maximumTensors = 1 << 18

    init(_ file: FileBytes) throws {
        self.file = file
        var cursor = ByteCursor(file)
        guard try Array(cursor.bytes(4, "the magic number")) == Array("GGUF".utf8) else {
            throw file.fault("no GGUF magic number", expected: "a GGUF file")
        }
        let version = try cursor.integer(UInt32.self, "the version")
        guard version == 2 || version == 3 else {
            let isBigEndian = version.byteSwapped <= 3
            throw file.fault(
                isBigEndian ? "a big-endian GGUF file" : "GGUF version \(version)",
                expected: "version 2 or 3, little-endian", code: .unsupported)
        }
        let tensorCount = try cursor.count(unit: Self.minimumEntryBytes, "the number of tensors")
        let pairCount = try cursor.count(unit: Self.minimumPairBytes, "the number of metadata pairs")
        guard tensorCount <= Self.maximumTensors, pairCount <= Self.maximumPairs else {
            throw file.fault(
                "\(tensorCount) tensors and \(pairCount) metadata pairs",
                expected: "at most \(Self.maximumTensors) and \(Self.maximumPairs)")
        }
        for _ in 0..<pairCount {
            let key = try cursor.string(cursor.count("a metadata key's length"), "a metadata key")
            let value = try Self.value(&cursor, key)
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw file.fault("duplicate metadata key \(key)")
            }
        }
        try readEntries(tensorCount, &cursor)
    }

    private static func value(_ cursor: inout ByteCursor, _ key: String) throws -> GGUFValue {
        let type = try valueType(&cursor, key)
        func what() -> String { "the metadata value of \(key)" }
        switch type {
        case .uint8: return .uint8(try cursor.integer(UInt8.self, what()))
        case .int8: return .int8(try cursor.integer(Int8.self, what()))
        case .uint16: return .uint16(try cursor.integer(UInt16.self, what()))
        case .int16: return .int16(try cursor.integer(Int16.self, what()))
        case .uint32: return .uint32(try cursor.integer(UInt32.self, what()))
        case .int32: return .int32(try cursor.integer(Int32.self, what()))
        case .uint64: return .uint64(try cursor.integer(UInt64.self, what()))
        case .int64: return .int64(try cursor.integer(Int64.self, what()))
        case .float32: return .float32(Float(bitPattern: try cursor.integer(UInt32.self, what())))
        case .float64: return .float64(Double(bitPattern: try cursor.integer(UInt64.self, what())))
        case .bool: return .bool(try cursor.integer(UInt8.self, what()) != 0)
        case .string: return .string(try cursor.string(cursor.count(what()), what()))
        case .array: return .array(try array(&cursor, key, depth: 0))
        }
    }

    private static func valueType(_ cursor: inout ByteCursor, _ key: String) throws -> GGUFValueType {
        let number = try cursor.integer(UInt32.self, "the type of \(key)")
        guard let type = GGUFValueType(rawValue: number) else {
            throw cursor.file.fault("the metadata key \(key) has the type \(number)", expected: "a type from 0 to 12")
        }
        return type
    }

    private static func array(_ cursor: inout ByteCursor, _ key: String, depth: Int) throws -> GGUFArray {
        let type = try valueType(&cursor, key)
        let count = try cursor.count(unit: type.minimumBytes, "the number of elements of \(key)")
        guard depth < 4 else {
            throw cursor.file.fault("arrays nested deeper than 4 in \(key)", code: .unsupported)
        }
        let start = cursor.offset
        switch type {
        case .string:
            for _ in 0..<count { try cursor.skip(cursor.count("a string of \(key)"), "a string of \(key)") }
        case .array:
            for _ in 0..<count { _ = try array(&cursor, key, depth: depth + 1) }
        default:
            try cursor.skip(count * type.minimumBytes, "the elements of \(key)")  // no overflow: the count was checked
        }
        return GGUFArray(elementType: type, count: count, file: cursor.file, bytes: start..<cursor.offset)
    }
}

// MARK: - Tensors

extension GGUFHeader {
    private mutating func readEntries(_ count: Int, _ cursor: inout ByteCursor) throws {
        let file = cursor.file
        let alignment = metadata["general.alignment"]?.integer ?? 32
        guard alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
            throw file.fault("general.alignment \(alignment)", expected: "a power of two up to \(1 << 20)")
        }
        var described: [(name: String, shape: [Int], type: GGUFTensorType, offset: Int, size: Int)] = []
        described.reserveCapacity(count)
        for _ in 0..<count {
            let name = try cursor.string(cursor.count("a tensor name's length"), "a tensor name")
            let shape = try Self.shape(&cursor, name)
            let number = try cursor.integer(UInt32.self, "the type of \(name)")
            guard let type = GGUFTensorType(rawValue: number) else {
                throw file.fault(
                    "tensor \(name) has the type \(GGUFTensorType.describe(number))",
                    expected: "one of \(GGUFTensorType.allCases.map(\.name).joined(separator: ", "))",
                    code: .unsupported)
            }
            let offset = try cursor.integer(UInt64.self, "the offset of \(name)")
            guard offset <= UInt64(file.count), offset % UInt64(alignment) == 0 else {
                throw file.fault(
                    "tensor \(name) at offset \(offset)", expected: "a multiple of \(alignment) within the file")
            }
            guard let elements = elementCount(shape), let row = shape.last, row % type.blockElements == 0 else {
                throw file.fault(
                    "tensor \(name) of shape \(shape)",
                    expected: "rows of whole blocks of \(type.blockElements) elements for \(type.name)")
            }
            let (size, overflow) = (elements / type.blockElements).multipliedReportingOverflow(by: type.blockBytes)
            guard !overflow, size <= file.count else {
                throw file.fault("tensor \(name) of shape \(shape) in \(type.name)", expected: "one that fits the file")
            }
            described.append((name, shape, type, Int(offset), size))
        }
        // No overflow: the result exceeds the file's size by less than 2^20.
        let dataStart = (cursor.offset + alignment - 1) & ~(alignment - 1)
        entries = try described.map { tensor in
            let start = dataStart + tensor.offset
            guard start <= file.count, tensor.size <= file.count - start else {
                throw file.fault(
                    "tensor \(tensor.name) ends at byte \(start + tensor.size)",
                    expected: "an end within the file of \(file.count) bytes")
            }
            return Entry(
                name: tensor.name, shape: tensor.shape, type: tensor.type, bytes: start..<start + tensor.size,
                file: file)
        }
        try checkOverlaps(file)
    }

    private static func shape(_ cursor: inout ByteCursor, _ name: String) throws -> [Int] {
        let rank = try cursor.integer(UInt32.self, "the rank of \(name)")
        guard (1...4).contains(rank) else {
            throw cursor.file.fault("tensor \(name) of rank \(rank)", expected: "1 to 4")
        }
        var shape: [Int] = []
        for _ in 0..<rank {
            let size = try cursor.integer(UInt64.self, "the shape of \(name)")
            guard let size = Int(exactly: size), size > 0 else {
                throw cursor.file.fault("tensor \(name) has a dimension of \(size)", expected: "a size from 1 to 2^63")
            }
            shape.append(size)
        }
        return shape.reversed()
    }

    private func checkOverlaps(_ file: FileBytes) throws {
        let ordered = entries.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        for (first, second) in zip(ordered, ordered.dropFirst())
        where first.bytes.upperBound > second.bytes.lowerBound {
            throw file.fault("tensors \(first.name) and \(second.name) overlap", expected: "separate byte ranges")
        }
    }
}
