/// Turns ids into text as they come, never in the middle of a character.
///
/// What ``append(_:)`` and ``finish()`` return, put together, is what decoding all the ids at once gives: bytes that can
/// no longer become a character are U+FFFD at once, and bytes that still may wait for the next token.
///
/// ```swift
/// var decoder = StreamingDecoder(tokenizer)
/// for id in generated { print(decoder.append(id), terminator: "") }
/// print(decoder.finish())
/// ```
public struct StreamingDecoder: Sendable {
    private var assembler: TextAssembler
    private var pending: [UInt8] = []

    /// A decoder at the start of a text.
    ///
    /// - Parameters:
    ///   - skippingSpecial: whether special tokens are left out instead of spelled.
    ///   - startsText: whether the ids begin a text. Pass false where they continue one, so that the space before
    ///     their first word is kept.
    public init(_ tokenizer: any Tokenizer, skippingSpecial: Bool = true, startsText: Bool = true) {
        assembler = TextAssembler(tokenizer: tokenizer, skippingSpecial: skippingSpecial, startsText: startsText)
    }

    /// The text that is certain after one more token; often empty.
    public mutating func append(_ id: Int) -> String {
        assembler.append(id, to: &pending)
        let complete = pending.count - Self.unfinished(pending)
        defer { pending.removeFirst(complete) }
        return String(decoding: pending[..<complete], as: UTF8.self)
    }

    /// The text of the bytes still waiting, with U+FFFD for a character that was cut off.
    public mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }

    /// The number of bytes at the end that begin a character and may yet be continued (Unicode, table 3-7).
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let lead = bytes[bytes.count - length]
            if lead & 0xC0 == 0x80 {
                continue
            }
            let wanted =
                switch lead {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            guard wanted > length else { return 0 }
            return length == 1 || second(bytes[bytes.count - length + 1], mayFollow: lead) ? length : 0
        }
        return 0
    }

    private static func second(_ byte: UInt8, mayFollow lead: UInt8) -> Bool {
        switch lead {
        case 0xE0: byte >= 0xA0
        case 0xED: byte <= 0x9F
        case 0xF0: byte >= 0x90
        case 0xF4: byte <= 0x8F
        default: true
        }
    }
}
