/// How SentencePiece prepares text: the settings of its normalizer.
struct SentencePieceOptions: Sendable, Hashable {
    /// Where a space is put in front of the text, so that its first word looks like every other.
    enum Prefix: Sendable, Hashable {
        case never
        /// In front of the text only.
        case first
        /// In front of the text and of what follows a special token.
        case everySegment
    }

    var prefix = Prefix.everySegment

    /// Whether text that begins with a space gets no other in front.
    var keepsLeadingSpace = false

    /// Whether spaces at both ends are dropped and runs of them become one.
    var removesExtraWhitespace = false

    /// Whether every space begins a word of its own, so that no token holds two of them.
    var splitsAtEverySpace = false

    /// Whether decoding drops the space in front.
    var dropsLeadingSpace = true
}

/// The character that stands for a space inside the tokens of SentencePiece, U+2581.
enum SpaceSymbol {
    static let bytes: [UInt8] = [0xE2, 0x96, 0x81]

    @inline(__always)
    static func isAt(_ index: Int, in text: UTF8Buffer) -> Bool {
        text[index] == 0xE2 && index + 2 < text.count && text[index + 1] == 0x96 && text[index + 2] == 0x81
    }

    /// Adds a spelling with spaces in place of their symbols.
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
