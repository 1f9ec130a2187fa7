/// The classes of scalars that pre-tokenization patterns distinguish: `\p{L}`, `\p{N}`, `\s` and all others.
enum ScalarClass: UInt8 {
    case letter, number, space, other

    @inline(__always)
    init(ascii byte: UInt8) {
        if (byte | 0x20) &- 0x61 < 26 {
            self = .letter
        } else if byte &- 0x30 < 10 {
            self = .number
        } else if byte == 0x20 || byte &- 0x09 < 5 {
            self = .space
        } else {
            self = .other
        }
    }

    @inline(__always)
    init(_ scalar: UInt32) {
        if scalar < 0x80 {
            self.init(ascii: UInt8(truncatingIfNeeded: scalar))
        } else {
            self.init(beyondASCII: scalar)
        }
    }

    private init(beyondASCII value: UInt32) {
        // Blocks that contain only letters, to avoid the slower property tables.
        switch value {
        case 0x4E00..<0xA000, 0xAC00..<0xD7A4, 0x3041..<0x3097, 0x30A1..<0x30FB, 0x00D8..<0x00F7, 0x00F8..<0x02C2:
            self = .letter
            return
        default:
            break
        }
        guard let scalar = Unicode.Scalar(value) else {
            self = .other
            return
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            self = .letter
        case .decimalNumber, .letterNumber, .otherNumber:
            self = .number
        default:
            self = scalar.properties.isWhitespace ? .space : .other
        }
    }
}

extension UTF8Buffer {
    /// The class of the scalar at `index`, and the scalar's length.
    @inline(__always)
    func scalarClass(at index: Int) -> (class: ScalarClass, length: Int) {
        let first = self[index]
        if first < 0x80 {
            return (ScalarClass(ascii: first), 1)
        }
        let (value, length) = scalar(at: index)
        return (ScalarClass(value), length)
    }

    /// The end of the run of scalars of this class that begins at `index`; `index` itself if there is no run.
    @inline(__always)
    func end(of scalarClass: ScalarClass, from index: Int, to limit: Int) -> Int {
        var end = index
        while end < limit {
            let next = self.scalarClass(at: end)
            guard next.class == scalarClass else { break }
            end += next.length
        }
        return end
    }
}
