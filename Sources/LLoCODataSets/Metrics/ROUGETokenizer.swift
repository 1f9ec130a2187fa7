/// The tokenizer of the `rouge-score` package: lower case, split at everything outside `[a-z0-9]`.
public struct ROUGETokenizer: Sendable {
    /// The stemmer of tokens with more than three characters; default nil, which the project's reports use.
    public var stemmer: (any TokenStemmer)?

    /// Creates a tokenizer; default without a stemmer.
    public init(stemmer: (any TokenStemmer)? = nil) {
        self.stemmer = stemmer
    }

    /// The tokens of `text`, in order.
    public func tokens(_ text: String) -> [String] {
        var tokens: [String] = []
        scan(text) { token in
            let stem = stemmer.map { token.count > 3 ? $0.stem(Array(token)) : Array(token) } ?? Array(token)
            if !stem.isEmpty { tokens.append(String(decoding: stem, as: UTF8.self)) }
        } lineEnd: {
        }
        return tokens
    }

    /// Calls `token` with each unstemmed token of `text`, and `lineEnd` between lines.
    func scan(_ text: String, token: (UnsafeRawBufferPointer) -> Void, lineEnd: () -> Void) {
        var text = text
        var word: [UInt8] = []
        func finishToken(_ word: inout [UInt8]) {
            guard !word.isEmpty else { return }
            word.withUnsafeBytes(token)
            word.removeAll(keepingCapacity: true)
        }
        text.withUTF8 { bytes in
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    word.append(byte)
                case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    word.append(byte | 0x20)
                case UInt8(ascii: "\n"):
                    finishToken(&word)
                    lineEnd()
                case 0xC4 where index + 1 < bytes.count && bytes[index + 1] == 0xB0:
                    // U+0130, capital I with dot: its lower case is "i" and a combining dot, which is a separator.
                    word.append(UInt8(ascii: "i"))
                    finishToken(&word)
                    index += 1
                case 0xE2 where index + 2 < bytes.count && bytes[index + 1] == 0x84 && bytes[index + 2] == 0xAA:
                    // U+212A, the Kelvin sign: its lower case is "k". No other scalar lower-cases into ASCII.
                    word.append(UInt8(ascii: "k"))
                    index += 2
                default:
                    finishToken(&word)
                }
                index += 1
            }
        }
        finishToken(&word)
    }
}
