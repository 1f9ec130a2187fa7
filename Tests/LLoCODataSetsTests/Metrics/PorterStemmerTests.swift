import LLoCODataSets
import Testing

@Suite struct PorterStemmerTests {
    private func stem(_ word: String) -> String {
        String(decoding: PorterStemmer().stem(Array(word.utf8)), as: UTF8.self)
    }

    /// Every stem agrees with NLTK.
    @Test func reference() throws {
        let pairs: [[String]] = try MetricFixture.read("metrics_stems")
        #expect(pairs.count >= 3000)
        // Many words change, by more than a final s.
        #expect(pairs.count { $0[0] != $0[1] } > 1500)
        for pair in pairs { #expect(stem(pair[0]) == pair[1], "\(pair[0])") }
    }

    /// The examples of Porter's paper and of NLTK's extensions.
    @Test(arguments: [
        ("caresses", "caress"), ("ponies", "poni"), ("ties", "tie"), ("cats", "cat"), ("feed", "feed"),
        ("agreed", "agre"), ("plastered", "plaster"), ("bled", "bled"), ("motoring", "motor"), ("sing", "sing"),
        ("conflated", "conflat"), ("troubled", "troubl"), ("sized", "size"), ("hopping", "hop"), ("tanned", "tan"),
        ("falling", "fall"), ("hissing", "hiss"), ("fizzed", "fizz"), ("failing", "fail"), ("filing", "file"),
        ("happy", "happi"), ("relational", "relat"), ("conditional", "condit"), ("rational", "ration"),
        ("vietnamization", "vietnam"), ("sensibiliti", "sensibl"), ("electriciti", "electr"), ("hopeful", "hope"),
        ("revival", "reviv"), ("replacement", "replac"), ("adoption", "adopt"), ("probate", "probat"),
        ("rate", "rate"), ("cease", "ceas"), ("controll", "control"), ("roll", "roll"),
        // NLTK's extensions.
        ("died", "die"), ("dies", "die"), ("enjoy", "enjoy"), ("skies", "sky"), ("dying", "die"), ("ate", "ate"),
        ("geologi", "geolog"), ("is", "is"), ("yyyy", "yyyi"), ("2000s", "2000"),
    ])
    func examples(word: String, expected: String) {
        #expect(stem(word) == expected)
    }

    /// Time is linear in the word's length.
    @Test(arguments: ["y", "a", "ing", "alli", "0"])
    func longWords(part: String) {
        let word = String(repeating: part, count: 200_000)
        #expect(stem(word).utf8.count <= word.utf8.count)
    }
}
