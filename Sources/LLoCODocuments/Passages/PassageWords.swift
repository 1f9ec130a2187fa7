/// The words of a text, as ``PassageSplitter`` counts them: runs without blanks, ideographs one by one, and pieces of
/// at most 64 bytes of what has neither.
struct PassageWords {
    /// How good a place to end a passage is.
    enum Break: Int, Comparable {
        case none, word, line, sentence, paragraph

        static func < (left: Break, right: Break) -> Bool { left.rawValue < right.rawValue }
    }

    struct Word {
        let start: Int
        let end: Int
        /// About how many word pieces an encoder makes of it.
        let pieces: Int
        let breakAfter: Break
    }

    private static let longest = 64
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func next() -> Word? {
        while index < bytes.count {
            let (length, kind) = character(at: index)
            guard kind == .blank || kind == .newline || kind == .paragraph else { break }
            index += length
        }
        guard index < bytes.count else { return nil }
        let start = index
        var estimate = PieceEstimate()
        var endsSentence = false
        var isCut = false
        while index < bytes.count {
            let (length, kind) = character(at: index)
            if kind == .blank || kind == .newline || kind == .paragraph { break }
            // An ideograph stands alone; punctuation stays with what it follows.
            if kind == .ideograph, index > start {
                isCut = true
                break
            }
            if index + length - start > Self.longest {
                isCut = true
                break
            }
            estimate.add(bytes[index], kind)
            endsSentence = kind == .terminator || kind == .wideTerminator || (endsSentence && kind == .closing)
            index += length
            if kind == .wideTerminator || (kind == .ideograph && !punctuationFollows()) {
                isCut = true
                break
            }
        }
        let end = index
        let (gap, isBlank) = blanks(from: end)
        let breakAfter: Break
        if isBlank {
            breakAfter = gap == .paragraph ? .paragraph : endsSentence ? .sentence : gap
        } else {
            // Inside a word there is no break; between ideographs there is one.
            let isWide = end > start && bytes[start] >= 0xE3
            breakAfter = !isCut || !isWide ? .none : endsSentence ? .sentence : .word
        }
        return Word(start: start, end: end, pieces: estimate.pieces, breakAfter: breakAfter)
    }

    private enum Kind {
        case blank, newline, paragraph, letter, digit, punctuation, closing, terminator, wideTerminator, ideograph,
            other
    }

    private func punctuationFollows() -> Bool {
        guard index < bytes.count else { return false }
        switch character(at: index).kind {
        case .closing, .terminator, .wideTerminator, .punctuation: return true
        default: return false
        }
    }

    /// What separates two words: how many line ends, and whether there is a blank at all.
    private func blanks(from start: Int) -> (Break, Bool) {
        var place = start
        var newlines = 0
        while place < bytes.count {
            let (length, kind) = character(at: place)
            switch kind {
            case .newline: newlines += 1
            case .paragraph: newlines += 2
            case .blank: break
            default: return (newlines > 1 ? .paragraph : newlines == 1 ? .line : .word, place > start)
            }
            // Two line ends are enough: the rest of a long gap is not looked at twice.
            if newlines > 1 { return (.paragraph, true) }
            place += length
        }
        return (.paragraph, true)
    }

    /// The character at a place of well-formed UTF-8: its length in bytes and what it is.
    private func character(at place: Int) -> (length: Int, kind: Kind) {
        let lead = bytes[place]
        if lead < 0x80 { return (1, Self.ascii(lead)) }
        let length = min(lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, bytes.count - place)
        var scalar = UInt32(lead) & (length == 2 ? 0x1F : length == 3 ? 0x0F : 0x07)
        for offset in 1..<max(2, length) where offset < length {
            scalar = scalar << 6 | UInt32(bytes[place + offset] & 0x3F)
        }
        return (max(1, length), Self.wide(scalar))
    }

    private static func ascii(_ byte: UInt8) -> Kind {
        switch byte {
        case 0x20, 0x09, 0x0D: .blank
        case 0x0A: .newline
        case 0x0B, 0x0C: .paragraph
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
        case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"): .terminator
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): .closing
        case 0x21...0x7E: .punctuation
        default: .other
        }
    }

    private static func wide(_ scalar: UInt32) -> Kind {
        switch scalar {
        case 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: .blank
        case 0x85, 0x2028: .newline
        case 0x2029: .paragraph
        case 0x2026: .terminator
        case 0x2019, 0x201D, 0xBB, 0x300D, 0x300F, 0xFF09: .closing
        case 0x3002, 0xFF01, 0xFF0E, 0xFF1F: .wideTerminator
        case 0x2010...0x205E, 0x3001...0x301F, 0xFF00...0xFF0F, 0xFF1A...0xFF20: .punctuation
        case 0x3040...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x2_0000...0x3_FFFF: .ideograph
        default: .other
        }
    }

    /// Word pieces, guessed from the kinds of characters: a common word is one piece, and longer words, digits, other
    /// scripts and punctuation take more. Meant to err on the high side.
    private struct PieceEstimate {
        var pieces = 0
        private var kind = Kind.blank
        private var run = 0

        mutating func add(_ byte: UInt8, _ next: Kind) {
            switch next {
            case .letter, .digit, .other:
                run = next == kind ? run + 1 : 1
                let first = next == .letter ? 7 : next == .digit ? 2 : 1
                let more = next == .letter ? 3 : next == .digit ? 2 : 1
                if run == 1 || (run > first && (run - first - 1) % more == 0) { pieces += 1 }
            default:
                pieces += 1
            }
            kind = next
        }
    }
}
