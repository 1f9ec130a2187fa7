/// An answer as the SQuAD and SCROLLS scripts compare it: lower-cased, ASCII punctuation dropped, the words `a`, `an`
/// and `the` dropped, cut at white space.
///
/// Source: `normalize_answer` of Rajpurkar et al. 2016, "SQuAD", with Python's meaning of each step.
struct NormalizedAnswer: Hashable, Sendable {
    /// The tokens in order, UTF-8. Bytes, as two strings that Unicode calls equivalent are different tokens in Python.
    let tokens: [[UInt8]]

    init(_ text: String) {
        var tokens: [[UInt8]] = []
        var token: [UInt8] = []
        var wordStart = 0

        func finishToken() {
            if !token.isEmpty { tokens.append(token) }
            token.removeAll(keepingCapacity: true)
            wordStart = 0
        }
        // An article is a whole run of word characters, and leaves a space: "a’s" becomes "’s".
        func finishWord() {
            if Self.isArticle(token[wordStart...]) {
                token.removeSubrange(wordStart...)
                finishToken()
            }
        }

        for scalar in PythonText.lowercased(text) where !scalar.isPythonPunctuation {
            if scalar.isPythonWord {
                token.append(contentsOf: scalar.utf8)
            } else {
                finishWord()
                if scalar.isPythonSpace {
                    finishToken()
                } else {
                    token.append(contentsOf: scalar.utf8)
                    wordStart = token.count
                }
            }
        }
        finishWord()
        finishToken()
        self.tokens = tokens
    }

    private static func isArticle(_ word: ArraySlice<UInt8>) -> Bool {
        guard let first = word.first, word.count <= 3 else { return false }
        switch first {
        case UInt8(ascii: "a"): return word.count == 1 || (word.count == 2 && word.last == UInt8(ascii: "n"))
        case UInt8(ascii: "t"): return word.elementsEqual("the".utf8)
        default: return false
        }
    }
}
