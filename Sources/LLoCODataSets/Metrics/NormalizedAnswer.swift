/// An answer normalized as in the SQuAD and SCROLLS scripts: lower case, without ASCII punctuation and the words `a`,
/// `an` and `the`, split at white space.
///
/// Source: `normalize_answer` of Rajpurkar et al. 2016, "SQuAD", with Python's semantics of each step.
struct NormalizedAnswer: Hashable, Sendable {
    /// The tokens joined by single spaces, in UTF-8. Bytes, because canonically equivalent strings differ in Python.
    private(set) var text: [UInt8] = []

    init(_ text: String) {
        var text = text
        self.text.reserveCapacity(text.utf8.count)
        let isASCII = text.withUTF8 { bytes in
            for byte in bytes where byte >= 0x80 { return false }
            for byte in bytes { append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte) }
            return true
        }
        if !isASCII {
            for scalar in PythonText.lowercased(text) { append(scalar) }
        }
        finishWord()
        finishToken()
        // Remove the space after the last token.
        if !self.text.isEmpty { self.text.removeLast() }
        // Equal answers must have equal stored properties.
        (tokenStart, wordStart) = (0, 0)
    }

    /// The tokens.
    var tokens: [[UInt8]] { text.split(separator: UInt8(ascii: " ")).map { Array($0) } }

    // During init: where the last token of `text` and its last run of word characters begin.
    private var tokenStart = 0
    private var wordStart = 0

    private mutating func append(_ byte: UInt8) {
        switch byte {
        case 0x61...0x7A, 0x30...0x39: text.append(byte)
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: break  // punctuation
        case 0x09...0x0D, 0x1C...0x20:
            finishWord()
            finishToken()
        default:
            finishWord()
            text.append(byte)
            wordStart = text.count
        }
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            append(UInt8(scalar.value))
        } else if scalar.isPythonWord {
            text.append(contentsOf: scalar.utf8)
        } else {
            finishWord()
            if scalar.isPythonSpace {
                finishToken()
            } else {
                text.append(contentsOf: scalar.utf8)
                wordStart = text.count
            }
        }
    }

    private mutating func finishToken() {
        if text.count > tokenStart { text.append(UInt8(ascii: " ")) }
        tokenStart = text.count
        wordStart = text.count
    }

    /// Ends a run of word characters. An article is a whole run and is replaced by a space: "a’s" becomes "’s".
    private mutating func finishWord() {
        let length = text.count - wordStart
        guard length > 0, length <= 3, isArticle(text[wordStart...]) else { return }
        text.removeLast(length)
        finishToken()
    }

    private func isArticle(_ word: ArraySlice<UInt8>) -> Bool {
        switch word.first {
        case UInt8(ascii: "a"): word.count == 1 || (word.count == 2 && word.last == UInt8(ascii: "n"))
        case UInt8(ascii: "t"): word.elementsEqual("the".utf8)
        default: false
        }
    }
}
