/// The Porter stemmer that `rouge-score` uses: NLTK's `PorterStemmer` with NLTK's extensions.
///
/// ```swift
/// let rouge = ROUGE(tokenizer: ROUGETokenizer(stemmer: PorterStemmer()))
/// ```
///
/// Source: Porter 1980, "An algorithm for suffix stripping", Program 14(3); steps are numbered as there. NLTK adds: a
/// few irregular words; `dies` and `died` become `die`; `y` becomes `i` only after a consonant that is not the first
/// letter; `-fulli`, `-logi`, and `-alli` before the other endings of step 2; `ate` and `ore` keep their `e`.
public struct PorterStemmer: TokenStemmer {
    /// Creates the stemmer.
    public init() {}

    /// The stem of a token of ASCII lower-case letters and digits; digits count as consonants. Tokens of one or two
    /// characters are unchanged.
    public func stem(_ token: [UInt8]) -> [UInt8] {
        guard token.count > 2 else { return token }
        if token.count <= Self.longestIrregular, let stem = Self.irregular[token] { return stem }
        var word = PorterWord(token)
        removePlural(&word)
        removePastAndGerund(&word)
        replaceY(&word)
        shortenDoubleSuffix(&word)
        word.apply(Self.step3, minimumMeasure: 1)
        removeSuffix(&word)
        removeFinalE(&word)
        if word.ends(with: "ll"), word.measure(dropping: 1) > 1 { word.removeLast(1) }  // step 5b
        return word.letters
    }

    // MARK: Step 1

    /// Step 1a: `caresses` to `caress`, `ponies` to `poni`, `cats` to `cat`.
    private func removePlural(_ word: inout PorterWord) {
        if word.ends(with: "ies") {
            word.removeLast(word.count == 4 ? 1 : 2)
        } else if word.ends(with: "sses") {
            word.removeLast(2)
        } else if word.ends(with: "s"), !word.ends(with: "ss") {
            word.removeLast(1)
        }
    }

    /// Step 1b: `agreed` to `agree`, `plastered` to `plaster`, `hopping` to `hop`, `filing` to `file`.
    private func removePastAndGerund(_ word: inout PorterWord) {
        if word.ends(with: "ied") {
            word.removeLast(word.count == 4 ? 1 : 2)
            return
        }
        if word.ends(with: "eed") {
            if word.measure(dropping: 3) > 0 { word.removeLast(1) }
            return
        }
        if word.ends(with: "ed"), word.hasVowel(dropping: 2) {
            word.removeLast(2)
        } else if word.ends(with: "ing"), word.hasVowel(dropping: 3) {
            word.removeLast(3)
        } else {
            return
        }
        if word.ends(with: "at") || word.ends(with: "bl") || word.ends(with: "iz") {
            word.append("e")
        } else if word.endsInDoubleConsonant {
            if !(word.ends(with: "l") || word.ends(with: "s") || word.ends(with: "z")) { word.removeLast(1) }
        } else if word.measure(dropping: 0) == 1, word.endsInShortSyllable(dropping: 0) {
            word.append("e")
        }
    }

    /// Step 1c: `happy` to `happi`, but `enjoy` and `by` stay.
    private func replaceY(_ word: inout PorterWord) {
        if word.ends(with: "y"), word.count > 2, word.endsInConsonant(dropping: 1) {
            word.replaceLast(1, with: "i")
        }
    }

    // MARK: Steps 2 to 5

    /// Step 2: `relational` to `relate`, `digitizer` to `digitize`.
    private func shortenDoubleSuffix(_ word: inout PorterWord) {
        if word.ends(with: "alli"), word.measure(dropping: 4) > 0 {
            word.removeLast(2)
        }
        // The `l` of `logi` belongs to the stem, so that `geologi` is treated like `archaeologi`.
        if word.ends(with: "logi") {
            if word.measure(dropping: 3) > 0 { word.removeLast(1) }
            return
        }
        word.apply(Self.step2, minimumMeasure: 1)
    }

    /// Step 4: `revival` to `reviv`, `adoption` to `adopt`.
    private func removeSuffix(_ word: inout PorterWord) {
        if word.ends(with: "ion") {
            let isRemovable = word.ends(with: "sion") || word.ends(with: "tion")
            if isRemovable, word.measure(dropping: 3) > 1 { word.removeLast(3) }
            return
        }
        word.apply(Self.step4, minimumMeasure: 2)
    }

    /// Step 5a: `probate` to `probat`, but `rate` stays.
    private func removeFinalE(_ word: inout PorterWord) {
        guard word.ends(with: "e") else { return }
        let measure = word.measure(dropping: 1)
        if measure > 1 || (measure == 1 && !word.endsInShortSyllable(dropping: 1)) { word.removeLast(1) }
    }

    // MARK: Tables

    // The first matching ending decides, whether or not its condition holds.
    private static let step2 = PorterWord.Rules([
        "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "bli": "ble",
        "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate",
        "ator": "ate", "alism": "al", "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al",
        "iviti": "ive", "biliti": "ble", "fulli": "ful",
    ])
    private static let step3 = PorterWord.Rules([
        "icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": "",
    ])
    private static let step4 = PorterWord.Rules([
        "al": "", "ance": "", "ence": "", "er": "", "ic": "", "able": "", "ible": "", "ant": "",
        "ement": "", "ment": "", "ent": "", "ou": "", "ism": "", "ate": "", "iti": "", "ous": "",
        "ive": "", "ize": "",
    ])

    private static let irregular: [[UInt8]: [UInt8]] = {
        let forms: KeyValuePairs<String, String> = [
            "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news",
            "innings": "inning", "inning": "inning", "outings": "outing", "outing": "outing", "cannings": "canning",
            "canning": "canning", "howe": "howe", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
        ]
        return Dictionary(uniqueKeysWithValues: forms.map { (Array($0.utf8), Array($1.utf8)) })
    }()
    private static let longestIrregular = 8
}
