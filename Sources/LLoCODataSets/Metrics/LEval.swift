/// The exact match score of L-Eval's closed-ended tasks, 0…1 (An et al. 2023; `auto_eval.py` and `em.py`).
///
/// The rules are those of the scripts, including that an answer without an option counts as `A`. An empty answer scores
/// 0.
public enum LEval {
    /// The score of an answer against a reference.
    ///
    /// - Parameter scorer: how answer and reference are compared: `levalChoice`, `levalChoices`, `levalNumber` or
    ///   `levalCode`. Any other: the answer must contain the reference; if that has only letters A to D, match them
    public static func exam(prediction: String, reference: String, scorer: Scorer) -> Double {
        let answer = String(String.UnicodeScalarView(PythonText.stripped(prediction.unicodeScalars)))
        guard !answer.isEmpty else { return 0 }
        switch scorer {
        case .levalChoice, .levalChoices:
            return letters(
                chosen(by: prediction, several: scorer == .levalChoices),
                of: optionLetters(in: firstWord(of: reference)))
        case .levalNumber: return text(number(in: prediction), holds: number(in: reference))
        case .levalCode:
            let words = split(reference).count + 3
            return text(output(in: prediction, words: words), holds: code(reference))
        default:
            let right = PythonText.stripped(reference.unicodeScalars)
            if !right.isEmpty, right.allSatisfy({ ("A"..."D").contains($0) }) {
                return letters(answer, of: optionLetters(in: right))
            }
            return text(prediction, holds: reference)
        }
    }

    private typealias Scalars = [Unicode.Scalar]

    // MARK: Letters

    private static func letters(_ chosen: String, of right: String) -> Double {
        let right = right.isEmpty ? "A" : right
        if chosen == right { return 1 }
        return Set(chosen).isSubset(of: Set(right)) ? 0.25 : 0
    }

    private static func optionLetters(in text: some Sequence<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(text.filter { ("A"..."D").contains($0) }))
    }

    private static func firstWord(of text: String) -> Scalars { split(text).first ?? [] }

    private static func chosen(by prediction: String, several: Bool) -> String {
        if "ABCD".contains(prediction) { return prediction }
        if !several, let first = prediction.unicodeScalars.first(where: { ("A"..."D").contains($0) }) {
            return String(first)
        }
        func sorted(_ letters: String) -> String { String(Set(letters).sorted()) }
        let scalars = Array(prediction.unicodeScalars)
        let beginning = scalars.prefix { ("A"..."D").contains($0) }
        if beginning.count > 1 { return sorted(optionLetters(in: beginning)) }
        let rest = Array(before("Question", in: Array(scalars[beginning.count...])))
        let named = rest.indices.filter { place in
            guard ("A"..."D").contains(rest[place]), place + 1 < rest.count else { return false }
            return rest[place + 1].isPythonSpace || rest[place + 1] == "." || rest[place + 1] == ")"
        }
        let letters = sorted(optionLetters(in: beginning) + optionLetters(in: named.map { rest[$0] }))
        if !letters.isEmpty { return letters }
        let first = scalars.drop { !("A"..."D").contains($0) }.prefix { ("A"..."D").contains($0) }
        return first.isEmpty ? "A" : sorted(optionLetters(in: first))
    }

    // MARK: Numbers

    /// The digits, up to a point, of the word after "The answer is", else of the first paragraph's last such word.
    private static func number(in text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var word: ArraySlice<Unicode.Scalar> = []
        if let stated = statedAnswer(in: scalars) {
            word = stated
        } else {
            let words = before("\n\n", in: scalars).split(separator: " ", omittingEmptySubsequences: false)
            word = words.last { $0.contains(where: isDigit) } ?? []
        }
        return String(String.UnicodeScalarView(word.prefix { $0 != "." }.filter(isDigit)))
    }

    private static func statedAnswer(in text: Scalars) -> ArraySlice<Unicode.Scalar>? {
        let phrase = Array("The answer is ".unicodeScalars)
        for start in text.indices where text[start...].starts(with: phrase) {
            let word = text[(start + phrase.count)...].prefix { !$0.isPythonSpace }
            if !word.isEmpty { return word }
        }
        return nil
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
    }

    // MARK: Code

    /// The text without details that programs may print in different ways.
    private static func code(_ text: String) -> String {
        var scalars: Scalars = []
        for scalar in text.unicodeScalars {
            if !scalar.isPythonSpace {
                scalars.append(scalar)
            } else if scalars.last != " " {
                scalars.append(" ")
            }
        }
        for (part, other) in [
            (",", ""), ("'", ""), ("\\", ""), (".0", ""), ("] [", "]["), ("[ [", "[["), ("] ]", "]]"),
        ] {
            scalars = replacing(part, with: other, in: scalars)
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// The words of an answer that may contain the output: those after "the final output", else the last ones.
    private static func output(in text: String, words count: Int) -> String {
        var scalars = Array(code(text).unicodeScalars)
        for part in ["will be", "of the code", "is", "would be", "the value of", "the result of", "printed"] {
            scalars = replacing(part, with: "", in: scalars)
        }
        let phrase = Array("the final output".unicodeScalars)
        let place = scalars.indices.last { scalars[$0...].starts(with: phrase) }
        let rest = place.map { scalars[($0 + phrase.count)...] } ?? scalars[...]
        let words = words(of: rest)
        let kept = place == nil ? words.suffix(count) : words.prefix(count)
        return String(String.UnicodeScalarView(Scalars(kept.joined(separator: [" "]))))
    }

    /// Python's `re.split` at white space, which returns an empty word for leading or trailing white space.
    private static func words(of text: ArraySlice<Unicode.Scalar>) -> [ArraySlice<Unicode.Scalar>] {
        var words: [ArraySlice<Unicode.Scalar>] = []
        var rest = text
        while let space = rest.firstIndex(where: \.isPythonSpace) {
            words.append(rest[..<space])
            rest = rest[space...].drop(while: \.isPythonSpace)
        }
        return words + [rest]
    }

    // MARK: Texts

    /// 1 if both are equal numbers, or if the answer's first line of more than one character contains the reference,
    /// ignoring case and spaces; else 0.
    private static func text(_ prediction: String, holds reference: String) -> Double {
        if let number = float(prediction), let expected = float(reference) { return number == expected ? 1 : 0 }
        let lines = Array(prediction.unicodeScalars).split(separator: "\n", omittingEmptySubsequences: false)
        let line = lines.first { $0.count > 1 }.map { String(String.UnicodeScalarView($0)) } ?? prediction
        return PythonText.contains(bare(line), bare(reference)) ? 1 : 0
    }

    private static func bare(_ text: String) -> [UInt8] {
        Array(String(String.UnicodeScalarView(PythonText.lowercased(text).filter { $0 != " " })).utf8)
    }

    /// Python's `float` for the inputs that occur in answers: no hexadecimal numbers.
    private static func float(_ text: String) -> Double? {
        let text = String(String.UnicodeScalarView(PythonText.stripped(text.unicodeScalars)))
        return text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }) ? nil : Double(text)
    }

    // MARK: Scalars

    private static func split(_ text: String) -> [Scalars] {
        text.unicodeScalars.split(whereSeparator: \.isPythonSpace).map(Array.init)
    }

    private static func before(_ mark: String, in text: Scalars) -> ArraySlice<Unicode.Scalar> {
        let mark = Array(mark.unicodeScalars)
        return text[..<(text.indices.first { text[$0...].starts(with: mark) } ?? text.count)]
    }

    private static func replacing(_ part: String, with other: String, in text: Scalars) -> Scalars {
        let part = Array(part.unicodeScalars)
        var output: Scalars = []
        var place = 0
        while place < text.count {
            if text[place...].starts(with: part) {
                output += Array(other.unicodeScalars)
                place += part.count
            } else {
                output.append(text[place])
                place += 1
            }
        }
        return output
    }
}
