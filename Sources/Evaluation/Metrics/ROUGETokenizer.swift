/// The tokenizer of the `rouge-score` package: lower case, everything outside `[a-z0-9]` separates.
public struct ROUGETokenizer: Sendable {
    /// Shortens tokens of more than three characters, or nil (the default, and what the project reports).
    public var stemmer: (any TokenStemmer)?

    /// A tokenizer, without a stemmer unless one is given.
    public init(stemmer: (any TokenStemmer)? = nil) {
        self.stemmer = stemmer
    }

    /// The tokens of `text`, in order.
    public func tokens(_ text: String) -> [String] {
        sentences(text).joined().map { String(decoding: $0, as: UTF8.self) }
    }

    /// The tokens of each line of `text`; lines without a token are left out.
    func sentences(_ text: String) -> [[[UInt8]]] {
        var sentences: [[[UInt8]]] = []
        var sentence: [[UInt8]] = []
        var token: [UInt8] = []

        func finishToken() {
            guard !token.isEmpty else { return }
            if let stemmer, token.count > 3 { token = stemmer.stem(token) }
            if !token.isEmpty { sentence.append(token) }
            token.removeAll(keepingCapacity: true)
        }
        func finishSentence() {
            finishToken()
            if !sentence.isEmpty { sentences.append(sentence) }
            sentence.removeAll(keepingCapacity: true)
        }

        var text = text
        text.withUTF8 { bytes in
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    token.append(byte)
                case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    token.append(byte | 0x20)
                case UInt8(ascii: "\n"):
                    finishSentence()
                case 0xC4 where index + 1 < bytes.count && bytes[index + 1] == 0xB0:
                    // U+0130, capital I with dot: its lower case is "i" and a combining dot, which separates.
                    token.append(UInt8(ascii: "i"))
                    finishToken()
                    index += 1
                case 0xE2 where index + 2 < bytes.count && bytes[index + 1] == 0x84 && bytes[index + 2] == 0xAA:
                    // U+212A, the Kelvin sign: its lower case is "k". No other scalar lower-cases into ASCII.
                    token.append(UInt8(ascii: "k"))
                    index += 2
                default:
                    finishToken()
                }
                index += 1
            }
        }
        finishSentence()
        return sentences
    }
}
