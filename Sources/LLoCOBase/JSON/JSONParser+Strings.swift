extension JSONParser {
    /// Parses the string that begins at the current quotation mark.
    mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        skipPlain()
        guard peek() != UInt8(ascii: "\"") else {
            defer { position += 1 }
            return try text(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
        }
        var unescaped = Array(bytes[start..<position])
        while let byte = peek(), byte != UInt8(ascii: "\"") {
            guard byte == UInt8(ascii: "\\") else { throw fault("a control character in a string") }
            position += 1
            try unescape(into: &unescaped)
            let next = position
            skipPlain()
            unescaped.append(contentsOf: bytes[next..<position])
        }
        guard position < bytes.count else { throw fault("a string that does not end") }
        defer { position += 1 }
        return try unescaped.withUnsafeBytes { bytes in Result { () throws(JSONError) in try text(bytes) } }.get()
    }

    private func text(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> String {
        guard let text = String(utf8: bytes) else { throw fault("a string that is not UTF-8") }
        return text
    }

    /// Skips to the next quotation mark, backslash or control character, eight bytes at a time.
    private mutating func skipPlain() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while bytes.count - position >= 8 {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quotes = word ^ ones &* 0x22
            let backslashes = word ^ ones &* 0x5C
            // The lowest set high bit is exact: it marks the first byte that is zero, or below 0x20.
            let found =
                ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word)
                & (ones &* 0x80)
            guard found == 0 else {
                position += found.trailingZeroBitCount / 8
                return
            }
            position += 8
        }
        while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    }

    /// Parses an escape after its backslash and appends its character.
    private mutating func unescape(into text: inout [UInt8]) throws(JSONError) {
        let start = position - 1
        guard let byte = peek() else { throw fault("a string that does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: try scalar(from: start).utf8)
        default: throw fault("a malformed escape in a string", at: start)
        }
    }

    /// Parses `\uXXXX` or a surrogate pair of two, after the first `\u`.
    private mutating func scalar(from start: Int) throws(JSONError) -> Unicode.Scalar {
        var value = try hexadecimal(from: start)
        if (0xD800..<0xDC00).contains(value), bytes.count - position >= 2, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let second = try hexadecimal(from: position - 2)
            // Without a second half, `value` stays the first half alone, which is refused below.
            value = (0xDC00..<0xE000).contains(second) ? 0x10000 + (value - 0xD800) << 10 + (second - 0xDC00) : value
        }
        guard let scalar = Unicode.Scalar(value) else { throw fault("half of a surrogate pair in a string", at: start) }
        return scalar
    }

    private mutating func hexadecimal(from start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch peek() {
            case .some(let byte) where byte &- UInt8(ascii: "0") < 10: digit = byte &- UInt8(ascii: "0")
            case .some(let byte) where (byte | 0x20) &- UInt8(ascii: "a") < 6:
                digit = (byte | 0x20) &- UInt8(ascii: "a") + 10
            default: throw fault("a malformed escape in a string", at: start)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
