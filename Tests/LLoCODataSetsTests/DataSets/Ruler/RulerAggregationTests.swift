import Foundation
import LLoCODataSets
import LLoCOTestSupport
import Testing

/// RULER's tracking and aggregation tasks.
@Suite struct RulerAggregationTests {
    private func documents(
        _ task: RulerTask, lengths: [Int], samples: Int = 3, chains: Int = 1, hops: Int = 4
    ) throws -> [EvaluationDocument] {
        try EvaluationSet.ruler(
            RulerOptions(
                lengths: lengths, tasks: [task], samples: samples, variableChains: chains, variableHops: hops),
            tokenizer: GeneratedDataSamples.tokenizer("smollm")
        ).documents
    }

    /// Executes the assignments in the order of the text.
    private func values(_ text: String) throws -> [String: Int] {
        var values: [String: Int] = [:]
        for match in text.matches(of: #/LET ([A-Z]{5}) = ([A-Z]{5}|[0-9]{5})\./#) {
            let (name, right) = (String(match.output.1), String(match.output.2))
            #expect(values[name] == nil, "assigned once")
            // Fails if a variable is used before it has a value.
            let value = try #require(Int(right) ?? values[right])
            values[name] = value
        }
        return values
    }

    /// The answers agree with an interpreter of the assignments.
    @Test(arguments: [(1, 4), (3, 2), (5, 10)])
    func variableTracking(chains: Int, hops: Int) throws {
        let opening = "Keep track of the value that each of them holds.\n\n"
        for document in try documents(.variableTracking, lengths: [5_000, 9_000], chains: chains, hops: hops) {
            let question = document.questions[0]
            let values = try values(document.task(after: opening))
            #expect(values.count == chains * (hops + 1) && Set(values.values).count == chains)
            let asked = try #require(question.text.firstMatch(of: #/[0-9]{5}/#).flatMap { Int($0.output) })
            #expect(question.text.contains("all \(hops + 1) of them"))
            #expect(Set(question.answers) == Set(values.filter { $0.value == asked }.keys))
            #expect(question.answers.count == hops + 1)
            // The example is a task of the same kind with a correct answer.
            let text = try #require(document.text)
            let example = try #require(text.range(of: "\n\n\n")).lowerBound
            let shown = try self.values(String(text[..<example]))
            #expect(Set(shown.keys).isDisjoint(with: values.keys) && shown.count == values.count)
            let parts = text[..<example].split(separator: "\nAnswer: ")
            let wanted = try #require(parts[0].matches(of: #/[0-9]{5}/#).last.flatMap { Int($0.output) })
            #expect(Set(parts[1].components(separatedBy: ", ")) == Set(shown.filter { $0.value == wanted }.keys))
        }
    }

    /// The frequency of each word in a numbered list; the numbers must be consecutive.
    private func counts(_ list: Substring) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for (place, entry) in list.split(separator: " ").chunked().enumerated() {
            #expect(entry.0 == "\(place + 1).")
            counts[entry.1, default: 0] += 1
        }
        return counts
    }

    /// The common words agree with a count, for single and compound words.
    @Test(arguments: [(2_000, 6, 1, 20), (12_000, 30, 3, 40), (60_000, 30, 3, 40)])
    func commonWords(length: Int, common: Int, uncommon: Int, shown: Int) throws {
        for document in try documents(.commonWords, lengths: [length], samples: 2) {
            let list = document.task(after: "remember those.\n\n")
            let counts = try counts(list[...])
            let answers = document.questions[0].answers
            #expect(Set(answers) == Set(counts.filter { $0.value == common }.keys) && answers.count == 10)
            #expect(counts.values.allSatisfy { $0 == common || $0 == uncommon } && counts.count > 10)
            #expect(Set(counts.keys.map { $0.contains("-") }).count == 1)
            let text = try #require(document.text)
            let example = text[..<(try #require(text.range(of: "\n\n\n")).lowerBound)]
            let parts = example.components(separatedBy: "\nAnswer: ")
            let exampleList = try #require(
                parts[0].firstMatch(of: #/remember those\.\n\n(.*)\n\nQuestion: /#)?.output.1)
            let exampleCounts = try self.counts(exampleList)
            let maximum = try #require(exampleCounts.values.max())
            #expect(exampleCounts.count == shown && maximum == (shown == 20 ? 3 : 10))
            #expect(
                Set(parts[1].components(separatedBy: ", ")) == Set(exampleCounts.filter { $0.value == maximum }.keys))
            #expect(Set(exampleCounts.keys).isDisjoint(with: counts.keys))
        }
    }

    /// Short lists have single words, long ones compounds.
    @Test func kindsOfWords() throws {
        let short = try documents(.commonWords, lengths: [2_000], samples: 1)[0].questions[0].answers
        let long = try documents(.commonWords, lengths: [60_000], samples: 1)[0].questions[0].answers
        #expect(short.allSatisfy { !$0.contains("-") } && long.allSatisfy { $0.contains("-") })
    }

    /// The frequent code words agree with a count, and frequencies fall with the square of the rank.
    @Test func frequentWords() throws {
        for document in try documents(.frequentWords, lengths: [1_500, 4_096, 30_000]) {
            var counts: [String: Int] = [:]
            for word in document.task(after: "stand for nothing.\n\n").split(separator: " ") {
                counts[String(word), default: 0] += 1
            }
            let dots = try #require(counts["..."])
            counts["..."] = nil
            #expect(counts.keys.allSatisfy { $0.wholeMatch(of: #/[a-z]{6}/#) != nil })
            let ranked = counts.sorted { $0.value > $1.value }
            #expect(ranked.prefix(3).map(\.key) == document.questions[0].answers)
            #expect(dots > ranked[0].value && ranked[2].value > ranked[3].value)
            for rank in 2...4 {
                let expected = Double(dots) / Double(rank * rank)
                #expect(abs(Double(ranked[rank - 2].value) - expected) <= 1.5)
            }
        }
    }

    /// No word is part of another, and none is listed twice.
    @Test func wordList() {
        let words = WordList.adjectives + WordList.nouns
        #expect(WordList.adjectives.count >= 150 && WordList.nouns.count >= 200)
        for word in words {
            #expect(words.filter { $0.contains(word) } == [word])
            #expect(word.allSatisfy { $0.isASCII && $0.isLowercase })
        }
    }
}

extension Sequence where Element == Substring {
    /// The elements in pairs.
    fileprivate func chunked() -> [(String, String)] {
        var pairs: [(String, String)] = []
        var first: String?
        for element in self {
            if let open = first {
                pairs.append((open, String(element)))
                first = nil
            } else {
                first = String(element)
            }
        }
        return pairs
    }
}
