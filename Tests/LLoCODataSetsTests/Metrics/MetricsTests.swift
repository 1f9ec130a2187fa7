import LLoCODataSets
import Testing

@Suite struct MetricsTests {
    /// Every metric agrees with the public Python scores.
    @Test func reference() throws {
        let cases = try Fixture.cases()
        #expect(cases.count >= 300)
        for item in cases {
            let score = AnswerScore(prediction: item.prediction, references: item.references)
            let rouge = score.rouge
            let found = [score.f1, score.exactMatch, rouge.rouge1, rouge.rouge2, rouge.rougeL, rouge.rougeLsum]
            for (found, expected) in zip(found, item.scores) {
                #expect(abs(found - expected) < 1e-9, "\(item.prediction.debugDescription) \(item.references)")
            }
        }
    }

    /// ROUGE with stemming agrees with the rouge-score package.
    @Test func stemmedReference() throws {
        let rouge = ROUGE(tokenizer: ROUGETokenizer(stemmer: PorterStemmer()))
        let cases = try Fixture.cases()
        #expect(cases.count { $0.stemmed != Array($0.scores[2...]) } > 30)
        for item in cases {
            let score = rouge.score(prediction: item.prediction, references: item.references)
            for (found, expected) in zip([score.rouge1, score.rouge2, score.rougeL, score.rougeLsum], item.stemmed) {
                #expect(abs(found - expected) < 1e-9, "\(item.prediction.debugDescription) \(item.references)")
            }
        }
    }

    /// The fixture covers full, partial and no agreement for every metric.
    @Test func fixtureIsVaried() throws {
        let cases = try Fixture.cases()
        for measure in 0..<6 {
            let scores = cases.map { $0.scores[measure] }
            #expect(scores.count { $0 == 0 } > 20)
            #expect(scores.count { $0 == 1 } > 5)
            if measure != 1 { #expect(scores.count { $0 > 0 && $0 < 1 } > 50) }
        }
    }

    /// F1 counts repeated tokens, drops articles and punctuation, and takes the best reference.
    @Test func tokenF1() {
        #expect(TokenF1.score(prediction: "The cat, the cat!", references: ["cat"]) == 2.0 / 3.0)
        #expect(TokenF1.score(prediction: "60 days.", references: ["a week", "60 DAYS", "days"]) == 1)
        #expect(TokenF1.score(prediction: "", references: [""]) == 0)
        #expect(TokenF1.score(prediction: "x", references: []) == 0)
        // Equivalent for Unicode, different for Python.
        #expect(TokenF1.score(prediction: "caf\u{E9}", references: ["cafe\u{301}"]) == 0)
    }

    /// Exact match compares normalized texts.
    @Test func exactMatch() {
        #expect(ExactMatch.score(prediction: " An  Answer.", references: ["no", "the answer"]) == 1)
        #expect(ExactMatch.score(prediction: "answer this", references: ["this answer"]) == 0)
        #expect(ExactMatch.score(prediction: "", references: ["the"]) == 1)
        #expect(ExactMatch.score(prediction: "", references: []) == 0)
    }

    /// ROUGE's tokens are runs of ASCII letters and digits in the lower-cased text.
    @Test func tokenizer() {
        let tokenizer = ROUGETokenizer()
        #expect(tokenizer.tokens("It's 3.5%, CAFÉ_X\n") == ["it", "s", "3", "5", "caf", "x"])
        #expect(tokenizer.tokens("é \n\n—") == [])
        // In Swift's Unicode table, only two non-ASCII scalars have an ASCII lower case.
        var found = 0
        for value in UInt32(0x80)...0x1_FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let lowered = scalar.properties.lowercaseMapping.unicodeScalars.filter(\.isASCII)
            if !lowered.isEmpty {
                found += 1
                #expect(tokenizer.tokens("x\(String(scalar))").first == "x" + String(String.UnicodeScalarView(lowered)))
            }
        }
        #expect(found == 2)
    }

    /// The stemmer applies to tokens of more than three characters.
    @Test func stemmer() {
        struct Cut: TokenStemmer {
            func stem(_ token: [UInt8]) -> [UInt8] { Array(token.prefix(3)) }
        }
        let tokenizer = ROUGETokenizer(stemmer: Cut())
        #expect(tokenizer.tokens("the running runs") == ["the", "run", "run"])
        let rouge = ROUGE(tokenizer: tokenizer)
        #expect(rouge.score(prediction: "running", references: ["runs"]).rouge1 == 1)
        #expect(ROUGE().score(prediction: "running", references: ["runs"]).rouge1 == 0)
    }

    /// Each ROUGE measure takes its own best reference.
    @Test func bestReference() {
        let score = ROUGE().score(prediction: "a b c d", references: ["d c b a", "a b x y z"])
        #expect(score.rouge1 == 1)
        #expect(abs(score.rouge2 - 2 * (1.0 / 3 * 1 / 4) / (1.0 / 3 + 1.0 / 4)) < 1e-12)
        #expect(abs(score.rougeL - 4.0 / 9) < 1e-12)
    }

    /// A thousand answers of 500 words take seconds.
    @Test func speed() {
        let texts = (0..<20).map { text in
            (0..<500).map { word in
                "\(word % 25 == 24 ? "\n" : "")w\((word * word + 7 * text) % (200 + text))ings"
            }.joined(separator: " ")
        }
        let clock = ContinuousClock()
        let rouge = ROUGE(tokenizer: ROUGETokenizer(stemmer: PorterStemmer()))
        let time = clock.measure {
            for index in 0..<1_000 {
                _ = AnswerScore(prediction: texts[index % 20], references: [texts[(index + 1) % 20]], rouge: rouge)
            }
        }
        // About 0.5 s on an idle machine.
        #expect(time < .seconds(15))
    }

    /// Adversarial texts do not take long.
    @Test func hostileTexts() {
        let one = String(repeating: "a ", count: 130_000)
        func lines(_ letter: String) -> String { (0..<10_000).map { "a \(letter)\($0)\n" }.joined() }
        let time = ContinuousClock().measure {
            #expect(ROUGE().score(prediction: one, references: [one]).rougeLsum == 1)
            #expect(ROUGE().score(prediction: lines("b"), references: [lines("c")]).rougeLsum == 0.5)
        }
        // About 2 s on an idle machine; minutes if every pair of places or lines were compared.
        #expect(time < .seconds(60))
    }

    /// Long answers: the subsequence of a text and its shifted copy.
    @Test func longText() {
        let words = (0..<3_000).map { "w\($0 % 700)" }
        let score = ROUGE().score(
            prediction: words.dropFirst(10).joined(separator: " "), references: [words.joined(separator: " ")])
        #expect(abs(score.rougeL - 2 * 2_990.0 / (2_990 + 3_000)) < 1e-12)
        #expect(score.rougeLsum == score.rougeL)
    }
}

@Suite struct AnswerScoresTests {
    /// Means x 100 over the answers, and the geometric mean of three of them.
    @Test func means() {
        var scores = AnswerScores()
        #expect(scores.questions == 0 && scores.f1 == 0 && scores.rougeGeometricMean == 0)
        let first = scores.add(prediction: "one two three four", references: ["one two four"])
        #expect(first.exactMatch == 0 && first.rouge.rouge1 == first.f1)
        scores.add(prediction: "Yes.", references: ["no", "yes"])
        scores.add(prediction: "left", references: ["right"])
        #expect(scores.questions == 3)
        #expect(abs(scores.f1 - 100 * (6.0 / 7 + 1) / 3) < 1e-9)
        #expect(abs(scores.em - 100.0 / 3) < 1e-9)
        #expect(abs(scores.rouge1 - scores.f1) < 1e-9)
        #expect(abs(scores.rouge2 - 100 * 0.4 / 3) < 1e-9)
        #expect(abs(scores.rougeL - scores.f1) < 1e-9)
        #expect(abs(scores.rougeLsum - scores.f1) < 1e-9)
        let product = scores.rouge1 * scores.rouge2 * scores.rougeL
        #expect(abs(scores.rougeGeometricMean * scores.rougeGeometricMean * scores.rougeGeometricMean - product) < 1e-6)
    }
}

private enum Fixture {
    struct Case: Decodable {
        var prediction: String
        var references: [String]
        /// F1, exact match, ROUGE-1, -2, -L, -Lsum.
        var scores: [Double]
        /// ROUGE-1, -2, -L, -Lsum with stemming.
        var stemmed: [Double]
    }

    static func cases() throws -> [Case] { try MetricFixture.read("metrics") }
}
