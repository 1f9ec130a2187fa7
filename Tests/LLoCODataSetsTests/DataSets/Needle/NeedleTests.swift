import Foundation
import LLoCODataSets
import LLoCOTestSupport
import Testing

@Suite struct NeedleTests {
    private func made(_ options: NeedleOptions, haystack: String? = nil) throws -> EvaluationSet {
        try .needle(options, tokenizer: GeneratedDataSamples.tokenizer("smollm"), haystack: haystack)
    }

    /// The sentence with the answer, and the bytes before it.
    private func needle(in document: EvaluationDocument) throws -> (text: Substring, before: Substring) {
        let text = try #require(document.text)
        let match = try #require(text.firstMatch(of: #/The [a-z ]+ of [A-Z][a-z]+ bears the number [0-9]{7}\./#))
        return (text[match.range], text[..<match.range.lowerBound])
    }

    /// The grid has every length and depth; lengths are not exceeded, and needles stand at their depths.
    @Test func grid() throws {
        let tokenizer = try GeneratedDataSamples.tokenizer("smollm")
        let options = NeedleOptions(lengths: [4_000, 9_000], samples: 2, templateTokens: 30)
        let set = try made(options)
        #expect(set.format == .needle && set.documents.count == 2 * 11 * 2)
        #expect(Set(set.documents.map(\.id)).count == set.documents.count)
        for document in set.documents {
            let question = document.questions[0]
            let length = try #require(question.attributes["length"].flatMap { Int($0) })
            let depth = try #require(question.attributes["depth"].flatMap { Double($0) })
            let tokens = GeneratedDataSamples.tokens(document, tokenizer) + options.answerTokens + 30
            // A sentence of the built-in prose has about eighty tokens in this small vocabulary.
            #expect(tokens <= length && tokens > length - 120, "\(document.id): \(tokens)")
            let (needle, before) = try needle(in: document)
            let rest = (document.text ?? "").utf8.count - needle.utf8.count
            let share = 100 * Double(before.utf8.count) / Double(rest)
            #expect(abs(share - depth) < 2, "\(document.id): \(share)")
            if depth == 0 { #expect(before.isEmpty) }
            if depth == 100 { #expect(document.text?.hasSuffix(needle) == true) }
            #expect(before.isEmpty || before.hasSuffix(". ") || before.hasSuffix(".\n\n"))
            #expect(question.metric == .stringMatch && question.answers.count == 1)
            #expect(needle.contains(question.answers[0]) && question.attributes["task"] == "needle")
        }
    }

    /// Random needles differ, are determined by the seed, and are queried by their thing and town.
    @Test func randomNeedles() throws {
        let options = NeedleOptions(lengths: [2_000], depths: [50], samples: 20, seed: 3)
        let set = try made(options)
        #expect(Set(set.documents.map { $0.questions[0].answers }).count == 20)
        #expect(try made(options) == set)
        var other = options
        other.seed = 4
        #expect(try made(other) != set)
        for document in set.documents {
            let needle = try needle(in: document).text
            let subject = needle.dropFirst("The ".count).components(separatedBy: " bears")[0]
            #expect(document.questions[0].text.contains(subject))
        }
    }

    /// A fixed needle is the same everywhere.
    @Test func fixedNeedle() throws {
        let set = try made(NeedleOptions(lengths: [2_000], depths: [0, 33.3, 100], hidden: .fixed(.standard)))
        #expect(set.documents.map { $0.questions[0].attributes["depth"] } == ["0", "33.3", "100"])
        for document in set.documents {
            #expect(document.text?.ranges(of: Needle.standard.text).count == 1)
            #expect(document.questions[0].answers == Needle.standard.answers)
        }
        #expect(Needle.standard.answers.allSatisfy { Needle.standard.text.contains($0) })
    }

    /// A short haystack is repeated and truncated at a sentence end.
    @Test func ownHaystack() throws {
        let text = "One bird sang. Two dogs, at noon, slept! Did three cats wake?\n\nFour owls left early that day."
        let set = try made(NeedleOptions(lengths: [1_500], depths: [0, 50, 100]), haystack: text)
        for document in set.documents {
            let rest = (document.text ?? "").replacing(try needle(in: document).text, with: "")
            let words = rest.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let copy = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let copies = Array(repeating: copy, count: 200).joined(separator: " ")
            #expect(copies.hasPrefix(words) && words.count > 3 * copy.count)
            #expect(".!?".contains(try #require(words.last)))
        }
    }

    /// Impossible options are refused with a one-line error.
    @Test func refusals() throws {
        let cases: [(NeedleOptions, String?, String)] = [
            (NeedleOptions(lengths: [80]), nil, "needle at 80 tokens: a sentence, the needle"),
            (NeedleOptions(lengths: []), nil, "no length"), (NeedleOptions(depths: []), nil, "no depth"),
            (NeedleOptions(depths: [101]), nil, "the depth is 101"),
            (NeedleOptions(depths: [.nan]), nil, "the depth is nan"),
            (NeedleOptions(depths: [5, 5]), nil, "given twice"), (NeedleOptions(samples: -1), nil, "-1 samples"),
            (NeedleOptions(answerTokens: -1), nil, "room for the answer"),
            (NeedleOptions(hidden: .fixed(Needle(text: "a", question: "q", answers: ["b"]))), nil, "an answer is not"),
            (NeedleOptions(hidden: .fixed(Needle(text: "a", question: "q", answers: []))), nil, "an answer is not"),
            (NeedleOptions(), "  ", "contains no word"),
            (NeedleOptions(hidden: .fixed(.standard)), "So. " + Needle.standard.text, "contains the needle"),
        ]
        for (options, haystack, part) in cases {
            let error = try #require(throws: DataGenerationError.self) { try made(options, haystack: haystack) }
            #expect(error.description.contains(part), "\(error)")
            #expect(!error.description.contains("\n"))
        }
    }

    /// Progress is reported, and an error thrown by the callback ends the generation.
    @Test func progress() throws {
        struct Stop: Error {}
        var reported: [Int] = []
        #expect(throws: Stop.self) {
            try EvaluationSet.needle(
                NeedleOptions(lengths: [1_500], depths: [0, 50, 100]),
                tokenizer: GeneratedDataSamples.tokenizer("smollm")
            ) { done, total in
                #expect(total == 3)
                reported.append(done)
                if done == 2 { throw Stop() }
            }
        }
        #expect(reported == [1, 2])
    }
}
