/// Decodes a stream of token ids into text, in whole characters.
///
/// The concatenated results of ``append(_:)`` and ``finish()`` equal the result of decoding all ids at once. Bytes that
/// cannot become a valid character are U+FFFD immediately; an incomplete character waits for the next token.
///
/// ```swift
/// var decoder = StreamingDecoder(tokenizer)
/// for id in generated { print(decoder.append(id), terminator: "") }
/// print(decoder.finish())
/// ```
public struct StreamingDecoder: Sendable {
    private var assembler: TextAssembler
    private var pending: [UInt8] = []

    /// Creates a decoder.
    ///
    /// - Parameters:
    ///   - skippingSpecial: whether special tokens are skipped instead of spelled out.
    ///   - startsText: whether the ids begin a text. Pass false if they continue one, to keep the space before the
    ///     first word.
    public init(_ tokenizer: any Tokenizer, skippingSpecial: Bool = true, startsText: Bool = true) {
        assembler = TextAssembler(tokenizer: tokenizer, skippingSpecial: skippingSpecial, startsText: startsText)
    }

    /// Adds a token and returns the newly completed text; often empty.
    public mutating func append(_ id: Int) -> String {
        assembler.append(id, to: &pending)
        let complete = pending.count - Self.incompleteCount(pending)
        defer { pending.removeFirst(complete) }
        return String(decoding: pending[..<complete], as: UTF8.self)
    }

    /// Returns the text of the pending bytes, with U+FFFD for an incomplete character.
    public mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }

    /// Number of bytes at the end that form an incomplete but so far valid character (Unicode, table 3-7).
    private static func incompleteCount(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let lead = bytes[bytes.count - length]
            if lead & 0xC0 == 0x80 {
                continue
            }
            let fullLength =
                switch lead {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            guard fullLength > length else { return 0 }
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
