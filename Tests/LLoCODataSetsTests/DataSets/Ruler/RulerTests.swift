import Foundation
import LLoCODataSets
import LLoCOTestSupport
import Testing

@Suite struct RulerTests {
    /// The thirteen published task names.
    @Test func names() {
        #expect(
            RulerTask.allCases.map(\.rawValue) == [
                "niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2",
                "niah_multikey_3", "niah_multivalue", "niah_multiquery", "vt", "cwe", "fwe", "qa_1", "qa_2",
            ])
        #expect(
            RulerTask.allCases.map(\.answerTokens) == [128, 128, 128, 128, 128, 128, 128, 128, 30, 120, 50, 32, 32])
        #expect(RulerTask.allCases.filter { $0.metric == .stringMatchAny } == RulerTask.allCases.suffix(2))
    }

    /// Texts fill the length without exceeding it, with every kind of tokenizer. Less than one unit of filler is
    /// missing; the longest unit is a line with two UUIDs.
    @Test(arguments: ["smollm", "llama2", "uncased"])
    func lengths(name: String) throws {
        let tokenizer = try GeneratedDataSamples.tokenizer(name)
        // The small vocabularies spell out most words, so the lengths leave room for the longest sample.
        let options = RulerOptions(lengths: [12_000, 25_000], samples: 1, templateTokens: 40)
        let set = try EvaluationSet.ruler(options, tokenizer: tokenizer, questions: GeneratedDataSamples.questions)
        #expect(set.documents.count == 13 * 2 && set.questionCount == set.documents.count)
        #expect(set.malformed.isEmpty && set.format == .ruler)
        #expect(Set(set.documents.map(\.id)).count == set.documents.count)
        for document in set.documents {
            let attributes = document.questions[0].attributes
            let length = try #require(attributes["length"].flatMap { Int($0) })
            let task = try #require(attributes["task"].flatMap { RulerTask(rawValue: $0) })
            let tokens = GeneratedDataSamples.tokens(document, tokenizer) + task.answerTokens + 40
            #expect(tokens <= length && Double(tokens) >= 0.98 * Double(length), "\(document.id): \(tokens)")
            #expect(document.questions[0].metric == task.metric)
            #expect(document.questions[0].answerTokens == task.answerTokens)
        }
    }

    /// Equal seeds give equal data; another seed gives other data in every task.
    @Test func seeds() throws {
        let tokenizer = try GeneratedDataSamples.tokenizer("smollm")
        func set(_ seed: UInt64) throws -> EvaluationSet {
            try .ruler(
                RulerOptions(lengths: [12_000], samples: 2, seed: seed), tokenizer: tokenizer,
                questions: GeneratedDataSamples.questions)
        }
        let first = try set(7)
        #expect(try set(7) == first)
        for (one, other) in zip(first.documents, try set(8).documents) {
            #expect(one.id == other.id && one.text != other.text, "\(one.id)")
        }
        #expect(Set(first.documents.map(\.text)).count == first.documents.count)
    }

    /// A sample does not depend on the other samples.
    @Test func independence() throws {
        let tokenizer = try GeneratedDataSamples.tokenizer("smollm")
        let all = try EvaluationSet.ruler(
            RulerOptions(lengths: [3_000, 6_000], tasks: [.needleInProse, .onlyKeys, .frequentWords], samples: 2),
            tokenizer: tokenizer)
        let one = try EvaluationSet.ruler(
            RulerOptions(lengths: [3_000], tasks: [.onlyKeys], samples: 1), tokenizer: tokenizer)
        let prose = try EvaluationSet.ruler(
            RulerOptions(lengths: [3_000], tasks: [.needleInProse], samples: 1), tokenizer: tokenizer)
        for document in one.documents + prose.documents { #expect(all.documents.contains(document)) }
    }

    /// Tasks that need questions are skipped without them, with a remark.
    @Test func withoutQuestions() throws {
        let tokenizer = try GeneratedDataSamples.tokenizer("smollm")
        let options = RulerOptions(
            lengths: [1_000], tasks: [.questionAnswering, .frequentWords, .documentQuestionAnswering], samples: 1)
        let set = try EvaluationSet.ruler(options, tokenizer: tokenizer)
        #expect(set.documents.map(\.id) == ["fwe-1000-0"])
        #expect(set.malformed.isEmpty && set.remarks.map { String($0.prefix(11)) } == ["ruler qa_1:", "ruler qa_2:"])
        #expect(set.remarks.allSatisfy { $0.contains("skipped: no questions") })
        #expect(throws: DataGenerationError.self) {
            try EvaluationSet.ruler(RulerOptions(tasks: [.questionAnswering]), tokenizer: tokenizer)
        }
    }

    /// The error for a length that is too short gives a sufficient length.
    @Test(arguments: RulerTask.allCases)
    func tooShort(task: RulerTask) throws {
        let tokenizer = try GeneratedDataSamples.tokenizer("smollm")
        func make(_ length: Int) throws {
            _ = try EvaluationSet.ruler(
                RulerOptions(lengths: [length], tasks: [task], samples: 1), tokenizer: tokenizer,
                questions: GeneratedDataSamples.questions)
        }
        let error = try #require(throws: DataGenerationError.self) { try make(40) }
        #expect(error.subject == "ruler \(task.rawValue) at 40 tokens")
        #expect(error.reason.hasPrefix("the shortest sample takes "))
        #expect(!error.description.contains("\n"))
        let minimum = try #require(error.reason.split(separator: " ").compactMap { Int($0) }.first)
        // Random choices differ between lengths, so the length of the shortest sample varies a little.
        try make(minimum + minimum / 5)
        #expect(throws: DataGenerationError.self) { try make(minimum - minimum / 5) }
    }

    /// Options out of bounds are refused with a one-line error that names them.
    @Test func badOptions() throws {
        let tokenizer = try GeneratedDataSamples.tokenizer("smollm")
        let cases: [(RulerOptions, String)] = [
            (RulerOptions(lengths: []), "no length"), (RulerOptions(lengths: [0]), "the length is 0"),
            (RulerOptions(lengths: [-5]), "the length is -5"), (RulerOptions(lengths: [.max]), "the length is"),
            (RulerOptions(lengths: [4_096, 4_096]), "4096 was given twice"), (RulerOptions(tasks: []), "no task"),
            (RulerOptions(tasks: [.frequentWords, .frequentWords]), "fwe was given twice"),
            (RulerOptions(samples: 0), "0 samples"), (RulerOptions(samples: .max), "expected at most"),
            (RulerOptions(templateTokens: -1), "-1 tokens"), (RulerOptions(variableChains: 0), "0 chains"),
            (RulerOptions(variableHops: 1_000), "1000 hops"),
        ]
        for (options, part) in cases {
            let error = try #require(throws: DataGenerationError.self) {
                try EvaluationSet.ruler(options, tokenizer: tokenizer)
            }
            #expect(error.description.contains(part), "\(error)")
            #expect(!error.description.contains("\n"))
        }
        #expect(throws: DataGenerationError.self) {
            try EvaluationSet.ruler(RulerOptions(), tokenizer: tokenizer, haystack: " \n\t ")
        }
    }

    /// Progress is reported, and an error thrown by the callback ends the generation.
    @Test func progress() throws {
        struct Stop: Error {}
        let tokenizer = try GeneratedDataSamples.tokenizer("smollm")
        let options = RulerOptions(lengths: [1_500, 2_500], tasks: [.needleInNoise, .frequentWords], samples: 2)
        var reported: [Int] = []
        _ = try EvaluationSet.ruler(options, tokenizer: tokenizer) { done, total in
            #expect(total == 8)
            reported.append(done)
        }
        #expect(reported == Array(1...8))
        reported = []
        #expect(throws: Stop.self) {
            try EvaluationSet.ruler(options, tokenizer: tokenizer) { done, _ in
                reported.append(done)
                if done == 3 { throw Stop() }
            }
        }
        #expect(reported == [1, 2, 3])
    }
}
