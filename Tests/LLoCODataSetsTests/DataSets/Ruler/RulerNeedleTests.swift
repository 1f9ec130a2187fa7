import Foundation
import LLoCODataSets
import LLoCOTestSupport
import Testing

/// RULER's retrieval tasks.
@Suite struct RulerNeedleTests {
    /// Every sentence that gives a value, found by a regular expression.
    private func found(in text: String) -> [(key: String, value: String)] {
        text.matches(of: #/The registered (?:number|code) of (\S+) is (\S+)\./#).map {
            (String($0.output.1), String($0.output.2))
        }
    }

    private func documents(
        _ task: RulerTask, length: Int = 4_000, samples: Int = 4, haystack: String? = nil
    ) throws -> [EvaluationDocument] {
        try EvaluationSet.ruler(
            RulerOptions(lengths: [length], tasks: [task], samples: samples),
            tokenizer: GeneratedDataSamples.tokenizer("smollm"), haystack: haystack
        ).documents
    }

    /// The answers are the values of the queried keys, in the order of the question.
    @Test(arguments: [
        (RulerTask.needleInNoise, 1, 1), (.needleInProse, 1, 1), (.codeInProse, 1, 1), (.fourKeys, 4, 1),
        (.fourValues, 4, 4), (.fourQueries, 4, 4),
    ])
    func answers(task: RulerTask, needles: Int, answers: Int) throws {
        for document in try documents(task) {
            let question = document.questions[0]
            let found = found(in: try #require(document.text))
            #expect(found.count == needles)
            #expect(Set(found.map(\.value)).count == needles)
            let keys = Set(found.map(\.key))
            #expect(keys.count == (task == .fourValues ? 1 : needles))
            // Sorted by position in the question.
            let asked = keys.compactMap { key in question.text.range(of: key).map { (key, $0.lowerBound) } }
                .sorted { $0.1 < $1.1 }.map(\.0)
            let expected = asked.flatMap { key in found.filter { $0.key == key }.map(\.value) }
            #expect(question.answers.count == answers)
            if task == .fourValues {
                #expect(Set(question.answers) == Set(expected))
            } else {
                #expect(question.answers == expected)
            }
            #expect((question.attributes["depth"] == nil) == (answers > 1))
        }
    }

    /// A text that consists only of distinct keys, one of which is queried.
    @Test(arguments: [RulerTask.onlyKeys, .onlyCodes])
    func onlyKeys(task: RulerTask) throws {
        for document in try documents(task) {
            let lines = try #require(document.text).components(separatedBy: "\n").dropFirst(2)
            let found = found(in: lines.joined(separator: "\n"))
            #expect(found.count == lines.count && found.count > 10)
            #expect(Set(found.map(\.key)).count == found.count && Set(found.map(\.value)).count == found.count)
            let asked = found.filter { document.questions[0].text.contains($0.key) }
            #expect(asked.map(\.value) == document.questions[0].answers)
        }
    }

    /// Keys are words or UUIDs; values are seven-digit numbers or UUIDs.
    @Test func kinds() throws {
        let word = #/[a-z]+-[a-z]+/#
        let number = #/[1-9][0-9]{6}/#
        let code = #/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/#
        for task in RulerTask.allCases.prefix(8) {
            let hasCodes = task == .codeInProse || task == .onlyCodes
            for needle in found(in: try documents(task, samples: 2).map { $0.text ?? "" }.joined(separator: "\n")) {
                #expect(needle.key.wholeMatch(of: task == .onlyCodes ? code : word) != nil)
                #expect(needle.value.wholeMatch(of: hasCodes ? code : number) != nil)
            }
        }
    }

    /// Without the needles, the text is the haystack; needles stand between sentences.
    @Test func haystackIsKept() throws {
        let prose = (0..<4_000).map { "Sentence number \($0) of the tale ends." }.joined(separator: " ")
        for document in try documents(.fourKeys, haystack: prose) {
            let context = document.task(after: "follows the text.\n\n")
            for match in context.matches(of: #/The registered number of \S+ is \S+\./#) {
                let before = context[..<match.range.lowerBound]
                // Only the last sentence may be truncated.
                #expect(
                    before.isEmpty || before.hasSuffix("ends. ") || match.range.upperBound == context.endIndex,
                    "\(before.suffix(40))")
            }
            let rest = context.replacing(#/ ?The registered number of \S+ is \S+\./#, with: "")
            #expect(prose.hasPrefix(String(rest.drop { $0 == " " })) && rest.count > 3_000)
        }
        let noise =
            "Rain falls on the roof. The kettle is warm. A door opens and shuts. Nobody is in a hurry. "
            + "Then it starts once more."
        for document in try documents(.needleInNoise) {
            let lines = document.task(after: "follows the text.\n\n")
                .replacing(#/The registered number of \S+ is \S+\. ?/#, with: "").split(separator: "\n")
            #expect(lines.dropLast().allSatisfy { $0.trimmingCharacters(in: .whitespaces) == noise })
            #expect(lines.count > 20)
        }
    }

    /// Needles are distributed over the whole text.
    @Test(arguments: [RulerTask.needleInNoise, .needleInProse, .onlyKeys])
    func spread(task: RulerTask) throws {
        var counts = [Int](repeating: 0, count: 5)
        let samples = 150
        for document in try documents(task, length: 2_500, samples: samples) {
            let text = try #require(document.text)
            let place = try #require(text.range(of: document.questions[0].answers[0])).lowerBound
            let share = Double(text[..<place].utf8.count) / Double(text.utf8.count)
            counts[min(4, Int(share * 5))] += 1
            let depth = try #require(document.questions[0].attributes["depth"].flatMap { Double($0) })
            #expect(abs(depth - share * 100) < 25, "the introduction and whole sentences shift a short text a little")
        }
        // The expected number in each fifth is 30, with a standard deviation of 5.
        #expect(counts.allSatisfy { $0 >= 12 && $0 <= 50 }, "\(counts)")
    }

    /// A number in the haystack is not used as a hidden value.
    @Test func numbersOfTheHaystack() throws {
        let haystack = try Haystack("Call 5551234 or 98765432.")
        #expect(haystack.holds(5_551_234) && haystack.holds(9_876_543) && haystack.holds(8_765_432))
        #expect(!haystack.holds(5_551_235))
    }

    /// A drawn value that occurs in the haystack is replaced by another one.
    @Test func valuesOutsideTheHaystack() throws {
        let prose = Array(repeating: "The tale goes on and on.", count: 400).joined(separator: " ")
        let drawn = try documents(.needleInProse, samples: 1, haystack: prose)[0].questions[0].answers[0]
        let other = try documents(.needleInProse, samples: 1, haystack: prose + " It is \(drawn).")[0]
        #expect(other.questions[0].answers[0] != drawn)
    }
}
