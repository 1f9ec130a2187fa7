/// The words of a text, as ``PassageSplitter`` counts them: runs without blanks, and single ideographs. A longer run is
/// split into pieces of up to 64 bytes.
struct PassageWords {
    /// The strength of a break between words. Passages end at strong breaks.
    enum Break: Int, Comparable {
        case none, word, line, sentence, paragraph

        static func < (left: Break, right: Break) -> Bool { left.rawValue < right.rawValue }
    }

    struct Word {
        let start: Int
        let end: Int
        /// The estimated number of an encoder's word pieces
        let pieces: Int
        let breakAfter: Break
    }

    /// bytes
    private static let maximumLength = 64
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
        var isSplit = false
        while index < bytes.count {
            let (length, kind) = character(at: index)
            if kind == .blank || kind == .newline || kind == .paragraph { break }
            // An ideograph is a word; punctuation belongs to the word before it.
            if kind == .ideograph, index > start {
                isSplit = true
                break
            }
            if index + length - start > Self.maximumLength {
                isSplit = true
                break
            }
            estimate.add(bytes[index], kind)
            endsSentence = kind == .terminator || kind == .wideTerminator || (endsSentence && kind == .closing)
            index += length
            if kind == .wideTerminator || (kind == .ideograph && !punctuationFollows()) {
                isSplit = true
                break
            }
        }
        let end = index
        let (gap, isBlank) = blanks(from: end)
        let breakAfter: Break
        if isBlank {
            breakAfter = gap == .paragraph ? .paragraph : endsSentence ? .sentence : gap
        } else {
            // A split word has no break inside; ideographs have a break between them.
            let isWide = end > start && bytes[start] >= 0xE3
            breakAfter = !isSplit || !isWide ? .none : endsSentence ? .sentence : .word
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

    /// The break between two words, from the number of line endings, and whether any blank separates them.
    private func blanks(from start: Int) -> (Break, Bool) {
        var offset = start
        var newlines = 0
        while offset < bytes.count {
            let (length, kind) = character(at: offset)
            switch kind {
            case .newline: newlines += 1
            case .paragraph: newlines += 2
            case .blank: break
            default: return (newlines > 1 ? .paragraph : newlines == 1 ? .line : .word, offset > start)
            }
            // Stop after two line endings, so that a long gap is not scanned twice.
            if newlines > 1 { return (.paragraph, true) }
            offset += length
        }
        return (.paragraph, true)
    }

    /// The length in bytes and the kind of the character at an offset of well-formed UTF-8.
    private func character(at offset: Int) -> (length: Int, kind: Kind) {
        let lead = bytes[offset]
        if lead < 0x80 { return (1, Self.ascii(lead)) }
        let length = min(lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, bytes.count - offset)
        var scalar = UInt32(lead) & (length == 2 ? 0x1F : length == 3 ? 0x0F : 0x07)
        for trailing in 1..<max(2, length) where trailing < length {
            scalar = scalar << 6 | UInt32(bytes[offset + trailing] & 0x3F)
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

    /// An estimate of the number of word pieces from the kinds of characters, biased high. A common word is one piece;
    /// longer words, digits, other scripts and punctuation take more.
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
