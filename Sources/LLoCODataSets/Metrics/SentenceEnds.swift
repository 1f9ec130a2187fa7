/// A rule-based splitter of English sentences.
///
/// A sentence ends after `.`, `!`, `?` or `…` and the closing quotes and brackets after it, if white space and then
/// anything but a lower-case letter follow. Single letters (`J. Smith`) and a few abbreviations do not end a sentence.
/// SCROLLS splits with NLTK's Punkt, a trained model; the two differ on abbreviations that are not listed here.
public enum SentenceEnds {
    /// `text` with a line end after each sentence; existing line ends stay.
    public static func lines(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var lines = String.UnicodeScalarView()
        var wordStart = 0
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            lines.append(scalar)
            index += 1
            if scalar.isPythonSpace {
                wordStart = index
            } else if isEnd(scalar) {
                let word = scalars[wordStart..<(index - 1)]
                while index < scalars.count, isEnd(scalars[index]) || isClosing(scalars[index]) {
                    lines.append(scalars[index])
                    index += 1
                }
                if !(scalar == "." && isAbbreviation(word)), startsSentence(scalars[index...]) { lines.append("\n") }
            }
        }
        return String(lines)
    }

    private static func isEnd(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "." || scalar == "!" || scalar == "?" || scalar == "\u{2026}"
    }

    private static func isClosing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .closePunctuation, .finalPunctuation: true
        default: scalar == "\"" || scalar == "'"
        }
    }

    /// Whether white space follows, and then a character that can begin a sentence.
    private static func startsSentence(_ rest: ArraySlice<Unicode.Scalar>) -> Bool {
        guard rest.first?.isPythonSpace == true, let next = rest.first(where: { !$0.isPythonSpace }) else {
            return false
        }
        return next.properties.generalCategory != .lowercaseLetter
    }

    private static func isAbbreviation(_ word: ArraySlice<Unicode.Scalar>) -> Bool {
        let letters = word.drop { !$0.isPythonWord }
        if letters.count == 1, letters.first?.properties.isAlphabetic == true { return true }
        guard letters.count <= 4, letters.allSatisfy(\.isASCII) else { return false }
        return abbreviations.contains(String(String.UnicodeScalarView(letters)).lowercased())
    }

    private static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "e.g", "i.e", "cf", "fig", "no", "vol", "etc",
    ]
}
