/// Rules that map an answer or log-likelihoods to an option of a multiple choice.
public enum MultipleChoice {
    /// Maximum number of options with a letter.
    static let letterCount = 26

    /// The letter of an option, `A` to `Z`; nil past the 26th.
    public static func letter(_ index: Int) -> Unicode.Scalar? {
        (0..<letterCount).contains(index) ? Unicode.Scalar(UInt8(ascii: "A") + UInt8(index)) : nil
    }

    /// The index of the option that a generated answer names; nil if it names none. Options have the letters A, B, ...
    ///
    /// Our own rules, for sets that publish none (``Scorer``). The first applicable rule decides:
    /// 1. a letter that is the only word: `B`, `b.`, `(B)`
    /// 2. the only option whose text equals the answer, compared as by ``ExactMatch``
    /// 3. the first letter after "answer", "answer is", "option" or "choice": `The answer is (B)`, `Answer: B`
    /// 4. the first isolated capital or bracketed letter; not a letter in `B-side`, `D'Arcy` or `U.S.`, and not an `A`
    ///    or `I` before a word, which is an article or a pronoun
    /// 5. the only option whose text is part of the answer
    public static func chosen(by answer: String, choices: [String]) -> Int? {
        let letters = standAloneLetters(answer, count: choices.count)
        if let only = letters.first, only.isOnlyWord { return only.choice }
        let words = NormalizedAnswer(answer).tokens
        let options = choices.map { NormalizedAnswer($0).tokens }
        if let equal = single(options.indices.filter { !options[$0].isEmpty && options[$0] == words }) { return equal }
        if let marked = letters.first(where: { $0.followsMarker && ($0.isCapital || !$0.isBeforeWord) }) {
            return marked.choice
        }
        let named = letters.first {
            $0.isInBrackets || ($0.isCapital && !($0.isBeforeWord && $0.isArticleOrPronoun))
        }
        if let named { return named.choice }
        return single(options.indices.filter { !options[$0].isEmpty && contains(words, options[$0]) })
    }

    /// QuALITY's rule as applied by LLoCO (Tan et al. 2024): the first letter of the answer, which must be an option's
    /// capital letter. Punctuation and digits before it are skipped.
    public static func firstLetter(of answer: String, count: Int) -> Int? {
        let first = answer.unicodeScalars.first { $0.properties.isAlphabetic }
        return first.flatMap { $0.properties.isUppercase ? choice($0) : nil }.flatMap { $0 < count ? $0 : nil }
    }

    /// LongBench v2's rule: the first bracketed letter after "The correct answer is", else the first letter after it;
    /// asterisks are ignored.
    public static func correctAnswer(in answer: String, count: Int) -> Int? {
        let text = answer.unicodeScalars.filter { $0 != "*" }
        let phrase = Array("The correct answer is ".unicodeScalars)
        let scalars = Array(text)
        let ends = scalars.indices.filter { scalars[$0...].starts(with: phrase) }.map { $0 + phrase.count }
        func letter(at place: Int) -> Int? {
            guard scalars.indices.contains(place), scalars[place].properties.isUppercase else { return nil }
            return choice(scalars[place]).flatMap { $0 < count ? $0 : nil }
        }
        func bracketed(at place: Int) -> Int? {
            guard place + 2 < scalars.count, scalars[place] == "(", scalars[place + 2] == ")" else { return nil }
            return letter(at: place + 1)
        }
        return ends.lazy.compactMap(bracketed).first ?? ends.lazy.compactMap(letter).first
    }

    /// The option with the highest log-likelihood; the first of equals. NaN is skipped; nil if no number is left.
    ///
    /// - Parameters:
    ///   - logLikelihoods: sum over each option's tokens, in nats
    ///   - lengths: divisor of each sum, such as the number of tokens or bytes; nil for no normalization
    public static func mostLikely(_ logLikelihoods: [Double], lengths: [Int]? = nil) -> Int? {
        precondition(lengths == nil || lengths?.count == logLikelihoods.count, "a length for each option")
        var best: (index: Int, value: Double)?
        for (index, likelihood) in logLikelihoods.enumerated() where !likelihood.isNaN {
            let value = likelihood / Double(max(1, lengths?[index] ?? 1))
            if best == nil || value > best?.value ?? value { best = (index, value) }
        }
        return best?.index
    }

    private static func single(_ indices: [Int]) -> Int? { indices.count == 1 ? indices.first : nil }

    private static func contains(_ words: [[UInt8]], _ part: [[UInt8]]) -> Bool {
        words.indices.contains { words[$0...].starts(with: part) }
    }

    // MARK: Letters

    /// An option's letter in an answer, without a letter, digit or apostrophe next to it.
    private struct Letter {
        let choice: Int
        let isCapital: Bool
        let isInBrackets: Bool
        let isBeforeWord: Bool
        let isArticleOrPronoun: Bool
        let isOnlyWord: Bool
        let followsMarker: Bool
    }

    private static func standAloneLetters(_ answer: String, count: Int) -> [Letter] {
        let text = Array(answer.unicodeScalars)
        let wordCount = text.split { !$0.isPythonWord }.count
        return text.indices.compactMap { place in
            guard let choice = choice(text[place]), choice < count, standsAlone(place, in: text) else { return nil }
            let capital = text[place].value & ~0x20
            return Letter(
                choice: choice, isCapital: text[place].value == capital,
                isInBrackets: place > 0 && place + 1 < text.count && "([".unicodeScalars.contains(text[place - 1])
                    && ")]".unicodeScalars.contains(text[place + 1]),
                isBeforeWord: isBeforeWord(text[(place + 1)...]),
                isArticleOrPronoun: capital == 0x41 || capital == 0x49,
                isOnlyWord: wordCount == 1, followsMarker: followsMarker(text[..<place]))
        }
    }

    private static func choice(_ scalar: Unicode.Scalar) -> Int? {
        switch scalar {
        case "A"..."Z": Int(scalar.value) - 0x41
        case "a"..."z": Int(scalar.value) - 0x61
        default: nil
        }
    }

    private static func standsAlone(_ place: Int, in text: [Unicode.Scalar]) -> Bool {
        func scalar(_ offset: Int) -> Unicode.Scalar? {
            text.indices.contains(place + offset) ? text[place + offset] : nil
        }
        for direction in [-1, 1] {
            guard let next = scalar(direction) else { continue }
            switch next {
            case "'", "\u{2019}": return false
            case "-", ".": if scalar(2 * direction)?.isPythonWord == true { return false }
            default:
                if next.isPythonWord || next.properties.generalCategory == .nonspacingMark { return false }
            }
        }
        return true
    }

    private static func isBeforeWord(_ rest: ArraySlice<Unicode.Scalar>) -> Bool {
        rest.first?.isPythonSpace == true && rest.first { !$0.isPythonSpace }?.isPythonWord == true
    }

    /// Whether the last word, ignoring "is", announces a letter.
    private static func followsMarker(_ text: ArraySlice<Unicode.Scalar>) -> Bool {
        // 32 scalars are enough for both words and the separators.
        var words = text.suffix(32).split { !$0.isPythonWord }.suffix(2).map {
            String(String.UnicodeScalarView($0)).lowercased()
        }
        if words.last == "is" { words.removeLast() }
        return ["answer", "option", "choice"].contains(words.last ?? "")
    }
}
