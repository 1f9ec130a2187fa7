/// Finds the end of a JSON value, piece by piece. Only strings and brackets matter; the parser checks the syntax.
struct JSONValueScanner {
    /// Whether the value is a number or a word, whose end shows only in the following byte.
    let isScalar: Bool
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// A scanner of the value that begins with `first`.
    init(first: UInt8) {
        switch first {
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "["): isScalar = false
        default: isScalar = true
        }
    }

    /// Advances `position` to the end of the value or of the piece; returns whether the value has ended.
    mutating func scan(_ piece: [UInt8], from position: inout Int, line: inout Int) -> Bool {
        piece.withUnsafeBufferPointer { bytes in
            while position < bytes.count {
                let byte = bytes[position]
                if byte == 0x0A, !(isScalar && depth == 0) { line += 1 }
                if isInString {
                    position += 1
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        isInString = false
                        if depth == 0 { return true }
                    }
                    continue
                }
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "["):
                    if isScalar { return true }
                    if byte == UInt8(ascii: "\"") { isInString = true } else { depth += 1 }
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if isScalar { return true }
                    depth -= 1
                    if depth == 0 {
                        position += 1
                        return true
                    }
                case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09:
                    if isScalar { return true }
                default: break
                }
                position += 1
            }
            return false
        }
    }
}
