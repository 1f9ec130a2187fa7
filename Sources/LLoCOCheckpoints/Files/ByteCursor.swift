import LLoCOBase

/// Reads consecutive little-endian values. Every read is checked against the end of the range first.
struct ByteCursor {
    let file: FileBytes
    private(set) var offset: Int
    let end: Int

    init(_ file: FileBytes, range: Range<Int>? = nil) {
        self.file = file
        self.offset = range?.lowerBound ?? 0
        self.end = range?.upperBound ?? file.count
    }

    var remaining: Int { end - offset }

    mutating func integer<T: FixedWidthInteger>(_ type: T.Type, _ what: @autoclosure () -> String) throws -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw truncated(size, what()) }
        defer { offset += size }
        return T(littleEndian: file.base.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// Reads a 64-bit length or count, and checks that the rest of the file can hold that many units of `unit` bytes.
    mutating func count(unit: Int = 1, _ what: @autoclosure () -> String) throws -> Int {
        let value = try integer(UInt64.self, what())
        guard value <= UInt64(remaining / max(unit, 1)) else {
            throw file.fault(
                "\(what()) \(value) at byte \(offset - 8)",
                expected: "at most \(remaining / max(unit, 1)), which fit the rest of the file")
        }
        return Int(value)
    }

    mutating func skip(_ length: Int, _ what: @autoclosure () -> String) throws {
        guard length >= 0, remaining >= length else { throw truncated(length, what()) }
        offset += length
    }

    mutating func bytes(_ length: Int, _ what: @autoclosure () -> String) throws -> UnsafeRawBufferPointer {
        let start = offset
        try skip(length, what())
        return file[start..<start + length]
    }

    mutating func string(_ length: Int, _ what: @autoclosure () -> String) throws -> String {
        let start = offset
        let bytes = try bytes(length, what())
        guard let text = String(utf8: bytes) else {
            throw file.fault("\(what()) at byte \(start) is not UTF-8")
        }
        return text
    }

    private func truncated(_ length: Int, _ what: String) -> CheckpointError {
        file.fault(
            "the file ends within \(what) at byte \(offset)", expected: "\(length) more bytes, found \(remaining)")
    }
}
