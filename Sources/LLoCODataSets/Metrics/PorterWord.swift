/// The working state of ``PorterStemmer``: a word's letters with Porter's conditions.
///
/// A consonant is a letter other than a, e, i, o, u, and other than a y after a consonant. A `dropping` parameter means
/// that the condition ignores that number of letters at the end.
struct PorterWord {
    /// Endings and their replacements, in order.
    struct Rules {
        fileprivate struct Rule {
            let ending: [UInt8]
            let replacement: [UInt8]
        }

        /// By the ending's last letter, so that most words need no comparison.
        fileprivate var byLetter: [[Rule]] = Array(repeating: [], count: 256)

        init(_ pairs: KeyValuePairs<String, String>) {
            for (ending, replacement) in pairs {
                guard let last = ending.utf8.last else { continue }
                byLetter[Int(last)].append(Rule(ending: Array(ending.utf8), replacement: Array(replacement.utf8)))
            }
        }
    }

    private(set) var letters: [UInt8]

    init(_ letters: [UInt8]) {
        self.letters = letters
    }

    var count: Int { letters.count }

    // MARK: Conditions

    func ends(with ending: StaticString) -> Bool {
        let bytes = UnsafeBufferPointer(start: ending.utf8Start, count: ending.utf8CodeUnitCount)
        guard letters.count >= bytes.count else { return false }
        let start = letters.count - bytes.count
        return bytes.indices.allSatisfy { letters[start + $0] == bytes[$0] }
    }

    /// Porter's m: the number of vowel-consonant transitions.
    func measure(dropping dropped: Int) -> Int {
        var measure = 0
        var isAfterVowel = false
        for index in 0..<max(0, letters.count - dropped) {
            let isVowel = isVowel(letters[index], isFirst: index == 0, isAfterVowel: isAfterVowel)
            if isAfterVowel, !isVowel { measure += 1 }
            isAfterVowel = isVowel
        }
        return measure
    }

    func hasVowel(dropping dropped: Int) -> Bool {
        var isAfterVowel = false
        for index in 0..<max(0, letters.count - dropped) {
            isAfterVowel = isVowel(letters[index], isFirst: index == 0, isAfterVowel: isAfterVowel)
            if isAfterVowel { return true }
        }
        return false
    }

    func endsInConsonant(dropping dropped: Int) -> Bool {
        isConsonant(at: letters.count - dropped - 1)
    }

    var endsInDoubleConsonant: Bool {
        let count = letters.count
        return count >= 2 && letters[count - 1] == letters[count - 2] && isConsonant(at: count - 1)
    }

    /// Porter's *o: consonant, vowel, consonant other than w, x, y. NLTK adds two-letter words of vowel and consonant.
    func endsInShortSyllable(dropping dropped: Int) -> Bool {
        let count = letters.count - dropped
        if count == 2 { return !isConsonant(at: 0) && isConsonant(at: 1) }
        guard count >= 3 else { return false }
        let last = letters[count - 1]
        return isConsonant(at: count - 3) && !isConsonant(at: count - 2) && isConsonant(at: count - 1)
            && last != UInt8(ascii: "w") && last != UInt8(ascii: "x") && last != UInt8(ascii: "y")
    }

    /// Whether a y is a consonant depends on the letter before it, which may be a y too.
    private func isConsonant(at index: Int) -> Bool {
        var start = index
        while start > 0, letters[start] == UInt8(ascii: "y") { start -= 1 }
        var isAfterVowel = false
        for place in start...index {
            isAfterVowel = isVowel(letters[place], isFirst: place == 0, isAfterVowel: isAfterVowel)
        }
        return !isAfterVowel
    }

    private func isVowel(_ letter: UInt8, isFirst: Bool, isAfterVowel: Bool) -> Bool {
        switch letter {
        case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): true
        case UInt8(ascii: "y"): !isFirst && !isAfterVowel
        default: false
        }
    }

    // MARK: Changes

    mutating func removeLast(_ count: Int) {
        letters.removeLast(count)
    }

    mutating func append(_ ending: StaticString) {
        letters.append(contentsOf: UnsafeBufferPointer(start: ending.utf8Start, count: ending.utf8CodeUnitCount))
    }

    mutating func replaceLast(_ count: Int, with ending: StaticString) {
        letters.removeLast(count)
        append(ending)
    }

    /// Applies the first rule whose ending matches, if the rest of the word has at least the given measure.
    mutating func apply(_ rules: Rules, minimumMeasure: Int) {
        guard let last = letters.last else { return }
        for rule in rules.byLetter[Int(last)] where endsWith(rule.ending) {
            if measure(dropping: rule.ending.count) >= minimumMeasure {
                letters.removeLast(rule.ending.count)
                letters.append(contentsOf: rule.replacement)
            }
            return
        }
    }

    private func endsWith(_ ending: [UInt8]) -> Bool {
        guard letters.count >= ending.count, letters.last == ending.last else { return false }
        let start = letters.count - ending.count
        return ending.indices.allSatisfy { letters[start + $0] == ending[$0] }
    }
}
