/// The regular expressions that byte-level tokenizers cut words with, as scanners by hand.
///
/// Each alternative of the expression is tried in its order, and each match begins where the last one ended, so every
/// scanner is a function from where a word begins to where it ends.
enum SplitPattern: Sendable, Hashable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2

    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    /// with n = 3 in Llama 3 and n = 1 in Qwen 2.
    case llama3(digits: Int)

    /// `[^\r\n\p{L}\p{N}]?U*L+C?|[^\r\n\p{L}\p{N}]?U+L*C?|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    /// with U = `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` and L = `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`: words end where a capital follows
    /// a small letter. GPT-4o has n = 3 and C = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`, Mistral's Tekken n = 1 and no C.
    case cased(digits: Int, contractions: Bool)

    /// Where the word that begins at `start` ends.
    @inline(__always)
    func end(in text: UTF8Buffer, from start: Int, to limit: Int) -> Int {
        switch self {
        case .gpt2: Self.gpt2End(text, start, limit)
        case .llama3(let digits): Self.llama3End(text, start, limit, digits)
        case .cased(let digits, let contractions): Self.casedEnd(text, start, limit, digits, contractions)
        }
    }

    private static func gpt2End(_ text: UTF8Buffer, _ start: Int, _ limit: Int) -> Int {
        let byte = text[start]
        if byte == UInt8(ascii: "'"), let end = contraction(text, start, limit, ignoringCase: false) {
            return end
        }
        var (kind, length) = text.scalarClass(at: start)
        var next = start + length
        if byte == UInt8(ascii: " "), next < limit {
            let (following, followingLength) = text.scalarClass(at: next)
            if following != .space {
                (kind, length) = (following, followingLength)
                next += length
            }
        }
        if kind == .space {
            return endOfSpace(text, start, limit)
        }
        return text.end(of: kind, from: next, to: limit)
    }

    private static func llama3End(_ text: UTF8Buffer, _ start: Int, _ limit: Int, _ digits: Int) -> Int {
        let byte = text[start]
        if byte == UInt8(ascii: "'"), let end = contraction(text, start, limit, ignoringCase: true) {
            return end
        }
        let (kind, length) = text.scalarClass(at: start)
        let next = start + length
        switch kind {
        case .letter:
            return text.end(of: .letter, from: next, to: limit)
        case .number:
            return endOfNumber(text, next, limit, digits - 1)
        case .space, .other:
            if byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r"), next < limit {
                let (following, followingLength) = text.scalarClass(at: next)
                if following == .letter {
                    return text.end(of: .letter, from: next + followingLength, to: limit)
                }
                if byte == UInt8(ascii: " "), following == .other {
                    return endOfLine(text, text.end(of: .other, from: next, to: limit), limit)
                }
            }
            if kind == .other {
                return endOfLine(text, text.end(of: .other, from: next, to: limit), limit)
            }
            return lastNewline(text, start, limit) ?? endOfSpace(text, start, limit)
        }
    }

    private static func casedEnd(
        _ text: UTF8Buffer, _ start: Int, _ limit: Int, _ digits: Int, _ contractions: Bool
    ) -> Int {
        let byte = text[start]
        let (kind, length) = text.scalarClass(at: start)
        let next = start + length
        if kind == .number {
            return endOfNumber(text, next, limit, digits - 1)
        }
        if let end = endOfCasedWord(text, start, next, limit, kind) {
            guard contractions, end < limit, text[end] == UInt8(ascii: "'") else { return end }
            return contraction(text, end, limit, ignoringCase: true) ?? end
        }
        if byte == UInt8(ascii: " "), next < limit, text.scalarClass(at: next).class == .other {
            return endOfLine(text, text.end(of: .other, from: next, to: limit), limit, throughSlashes: true)
        }
        if kind == .other {
            return endOfLine(text, text.end(of: .other, from: next, to: limit), limit, throughSlashes: true)
        }
        return lastNewline(text, start, limit) ?? endOfSpace(text, start, limit)
    }

    /// The first two alternatives of ``cased(digits:contractions:)``, in the order in which an expression that backtracks
    /// tries them.
    private static func endOfCasedWord(
        _ text: UTF8Buffer, _ start: Int, _ next: Int, _ limit: Int, _ kind: ScalarClass
    ) -> Int? {
        if kind == .letter {
            let (small, capitals) = endOfCase(text, start, limit)
            return small ?? capitals
        }
        guard text[start] != UInt8(ascii: "\n"), text[start] != UInt8(ascii: "\r") else { return nil }
        let (small, capitals) = endOfCase(text, next, limit)
        if let small {
            return small
        }
        // A mark in front is itself both U and L, so the expression takes it as the word before it tries U+L*.
        if kind == .other, text.letterCase(at: start).case.contains(.mark) {
            return endOfCase(text, start, limit).small
        }
        return capitals
    }

    /// Where `U*L+` and `U+L*` end that begin at `start`; nil where one does not match.
    ///
    /// `U*` takes letters without case too, which are also L, and gives the last one back where no small letter follows.
    private static func endOfCase(_ text: UTF8Buffer, _ start: Int, _ limit: Int) -> (small: Int?, capitals: Int?) {
        var end = start
        var lastOfBoth: Int?
        while end < limit {
            let (letter, length) = text.letterCase(at: end)
            guard letter.contains(.upper) else { break }
            end += length
            if letter.contains(.lower) {
                lastOfBoth = end
            }
        }
        var small = end
        while small < limit {
            let (letter, length) = text.letterCase(at: small)
            guard letter.contains(.lower) else { break }
            small += length
        }
        return (small > end ? small : lastOfBoth, end > start ? end : nil)
    }

    private static func endOfNumber(_ text: UTF8Buffer, _ start: Int, _ limit: Int, _ count: Int) -> Int {
        var end = start
        var left = count
        while left > 0, end < limit {
            let next = text.scalarClass(at: end)
            guard next.class == .number else { break }
            end += next.length
            left -= 1
        }
        return end
    }

    /// `[\r\n]*`, or `[\r\n/]*`
    private static func endOfLine(
        _ text: UTF8Buffer, _ start: Int, _ limit: Int, throughSlashes: Bool = false
    ) -> Int {
        var end = start
        while end < limit,
            text[end] == UInt8(ascii: "\n") || text[end] == UInt8(ascii: "\r")
                || (throughSlashes && text[end] == UInt8(ascii: "/"))
        {
            end += 1
        }
        return end
    }

    /// `\s*[\r\n]+`: through the last line end of the whitespace.
    private static func lastNewline(_ text: UTF8Buffer, _ start: Int, _ limit: Int) -> Int? {
        let end = text.end(of: .space, from: start, to: limit)
        var last = end
        while last > start {
            let byte = text[last - 1]
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                return last
            }
            last -= 1
        }
        return nil
    }

    /// `\s+(?!\S)|\s+`: whitespace, without its last character where a word follows, unless it is the only one.
    private static func endOfSpace(_ text: UTF8Buffer, _ start: Int, _ limit: Int) -> Int {
        let end = text.end(of: .space, from: start, to: limit)
        guard end < limit else { return end }
        let last = text.scalarStart(before: end)
        return last > start ? last : end
    }

    private static func contraction(
        _ text: UTF8Buffer, _ start: Int, _ limit: Int, ignoringCase: Bool
    ) -> Int? {
        guard start + 1 < limit else { return nil }
        let mask: UInt8 = ignoringCase ? 0x20 : 0
        let first = folded(text[start + 1], mask)
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return start + 2
        default:
            break
        }
        guard start + 2 < limit else { return nil }
        // The long s (U+017F) is an s where case is ignored.
        if ignoringCase, text[start + 1] == 0xC5, text[start + 2] == 0xBF {
            return start + 3
        }
        switch (first, folded(text[start + 2], mask)) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        default:
            return nil
        }
    }

    @inline(__always)
    private static func folded(_ byte: UInt8, _ mask: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | mask : byte
    }
}
