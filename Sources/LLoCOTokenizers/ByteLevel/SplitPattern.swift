/// Handwritten scanners for the pre-tokenization expressions of byte-level tokenizers.
///
/// An expression tries its alternatives in order, and each match begins at the end of the previous one. Every scanner
/// is therefore a function from the start of a word to its end.
enum SplitPattern: Sendable, Hashable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2

    /// `C|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    /// with C = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`, n = 3 in Llama 3 and n = 1 in Qwen 2.
    case llama3(digits: Int)

    /// `FU*L+C?|FU+L*C?|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    /// with F = `[^\r\n\p{L}\p{N}]?`, U = `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` and L = `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`. A word
    /// ends between a lower-case and an upper-case letter. GPT-4o has n = 3 and C = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`,
    /// Mistral's Tekken n = 1 and no C.
    case cased(digits: Int, contractions: Bool)

    /// The end of the word that begins at `start`.
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

    /// The end of a match of the first two alternatives of ``cased(digits:contractions:)``, tried in the order of a
    /// backtracking engine.
    private static func endOfCasedWord(
        _ text: UTF8Buffer, _ start: Int, _ next: Int, _ limit: Int, _ kind: ScalarClass
    ) -> Int? {
        if kind == .letter {
            let (lower, upper) = endOfCase(text, start, limit)
            return lower ?? upper
        }
        guard text[start] != UInt8(ascii: "\n"), text[start] != UInt8(ascii: "\r") else { return nil }
        let (lower, upper) = endOfCase(text, next, limit)
        if let lower {
            return lower
        }
        // A leading mark is both U and L, so the expression matches it as a word before it tries U+L*.
        if kind == .other, text.letterCase(at: start).case.contains(.mark) {
            return endOfCase(text, start, limit).lower
        }
        return upper
    }

    /// The ends of `U*L+` and `U+L*` from `start`; nil if the expression does not match.
    ///
    /// `U*` also matches caseless letters, which are L too. It gives back the last one if no lower-case letter follows.
    private static func endOfCase(_ text: UTF8Buffer, _ start: Int, _ limit: Int) -> (lower: Int?, upper: Int?) {
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
        var lowerEnd = end
        while lowerEnd < limit {
            let (letter, length) = text.letterCase(at: lowerEnd)
            guard letter.contains(.lower) else { break }
            lowerEnd += length
        }
        return (lowerEnd > end ? lowerEnd : lastOfBoth, end > start ? end : nil)
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

    /// Matches `[\r\n]*`, or `[\r\n/]*`.
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

    /// Matches `\s*[\r\n]+`: whitespace up to and including its last line end.
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

    /// Matches `\s+(?!\S)|\s+`: whitespace, except its last character if a word follows and it has several characters.
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
        // The long s (U+017F) is a case variant of s.
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
