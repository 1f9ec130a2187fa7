/// The UTF-8 of a Swift string, or a part of it between scalar boundaries; always valid UTF-8.
typealias UTF8Buffer = UnsafeBufferPointer<UInt8>

extension UTF8Buffer {
    /// The scalar that begins at `index`, and its length in bytes.
    @inline(__always)
    func scalar(at index: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(self[index])
        if first < 0x80 {
            return (first, 1)
        }
        if first < 0xE0 {
            return ((first & 0x1F) << 6 | continuation(index + 1), 2)
        }
        if first < 0xF0 {
            return ((first & 0x0F) << 12 | continuation(index + 1) << 6 | continuation(index + 2), 3)
        }
        let high = (first & 0x07) << 18 | continuation(index + 1) << 12
        return (high | continuation(index + 2) << 6 | continuation(index + 3), 4)
    }

    @inline(__always)
    private func continuation(_ index: Int) -> UInt32 { UInt32(self[index] & 0x3F) }

    /// The start of the scalar before `index`.
    @inline(__always)
    func scalarStart(before index: Int) -> Int {
        var start = index - 1
        while start > 0 && self[start] & 0xC0 == 0x80 {
            start -= 1
        }
        return start
    }

    /// The bytes in `range`, as a rebased buffer.
    @inline(__always)
    func slice(_ range: Range<Int>) -> UTF8Buffer { UTF8Buffer(rebasing: self[range]) }
}

extension [UInt8] {
    mutating func append(scalar: UInt32) {
        switch scalar {
        case 0..<0x80:
            append(UInt8(truncatingIfNeeded: scalar))
        case 0x80..<0x800:
            append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
            append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        case 0x800..<0x10000:
            append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
            append(UInt8(truncatingIfNeeded: 0x80 | (scalar >> 6) & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        default:
            append(UInt8(truncatingIfNeeded: 0xF0 | (scalar >> 18) & 0x07))
            append(UInt8(truncatingIfNeeded: 0x80 | (scalar >> 12) & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | (scalar >> 6) & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        }
    }
}
