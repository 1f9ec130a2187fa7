/// The case of a scalar, for patterns that split words at a change of case. `upper` is
/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, which begins a word; `lower` is `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`, which ends one.
struct LetterCase: OptionSet {
    let rawValue: UInt8

    static let upper = LetterCase(rawValue: 1)
    static let lower = LetterCase(rawValue: 2)
    static let mark = LetterCase(rawValue: 4)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inline(__always)
    init(ascii byte: UInt8) {
        if byte &- 0x61 < 26 {
            self = .lower
        } else {
            self = byte &- 0x41 < 26 ? .upper : []
        }
    }

    init(beyondASCII value: UInt32) {
        switch value {
        case 0x4E00..<0xA000, 0xAC00..<0xD7A4:
            // Han and Hangul letters have no case.
            self = [.upper, .lower]
        default:
            switch Unicode.Scalar(value)?.properties.generalCategory {
            case .uppercaseLetter, .titlecaseLetter: self = .upper
            case .lowercaseLetter: self = .lower
            case .modifierLetter, .otherLetter: self = [.upper, .lower]
            case .nonspacingMark, .spacingMark, .enclosingMark: self = [.upper, .lower, .mark]
            default: self = []
            }
        }
    }
}

extension UTF8Buffer {
    /// The case of the scalar at `index`, and the scalar's length.
    @inline(__always)
    func letterCase(at index: Int) -> (case: LetterCase, length: Int) {
        let first = self[index]
        if first < 0x80 {
            return (LetterCase(ascii: first), 1)
        }
        let (value, length) = scalar(at: index)
        return (LetterCase(beyondASCII: value), length)
    }
}
