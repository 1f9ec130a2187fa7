/// The settings of SentencePiece's normalizer.
struct SentencePieceOptions: Sendable, Hashable {
    /// The positions of the dummy prefix space, which makes the first word look like every other.
    enum Prefix: Sendable, Hashable {
        case never
        /// Only at the beginning of the text.
        case first
        /// At the beginning of the text and after special tokens.
        case everySegment
    }

    var prefix = Prefix.everySegment

    /// Whether text that begins with a space gets no dummy prefix space.
    var keepsLeadingSpace = false

    /// Whether spaces at both ends are removed and runs of spaces become one.
    var removesExtraWhitespace = false

    /// Whether every space begins a new word, so that no token contains two spaces.
    var splitsAtEverySpace = false

    /// Whether decoding drops the leading space.
    var dropsLeadingSpace = true
}

/// The character that replaces a space in SentencePiece tokens, U+2581.
enum SpaceSymbol {
    static let bytes: [UInt8] = [0xE2, 0x96, 0x81]

    @inline(__always)
    static func isAt(_ index: Int, in text: UTF8Buffer) -> Bool {
        text[index] == 0xE2 && index + 2 < text.count && text[index + 1] == 0x96 && text[index + 2] == 0x81
    }

    /// Appends a spelling to `result`, with spaces instead of space symbols.
    static func append(replacingIn spelling: UTF8Buffer, to result: inout [UInt8]) {
        var index = 0
        while index < spelling.count {
            if isAt(index, in: spelling) {
                result.append(UInt8(ascii: " "))
                index += 3
            } else {
                result.append(spelling[index])
                index += 1
            }
        }
    }
}
