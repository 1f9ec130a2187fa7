import Foundation
import LLoCOCheckpoints
import LLoCODataSets
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import Testing

/// Generated data at evaluated lengths, with the default model's tokenizer.
@Suite struct GeneratedLengthTests {
    private static func tokenizer() throws -> (any Tokenizer)? {
        try TestFiles.languageModel.flatMap { try LanguageModel.tokenizer(of: CheckpointLoader.open($0), path: $0) }
    }

    /// Texts of 4k tokens and more fill their length with the default model's tokenizer.
    @Test(
        .enabled(if: TestFiles.languageModel != nil, "the default models are missing: run Scripts/bootstrap"),
        arguments: [4_096, 8_192, 16_384])
    func defaultLengths(length: Int) throws {
        let tokenizer = try #require(try Self.tokenizer())
        let options = RulerOptions(lengths: [length], samples: 3)
        let set = try EvaluationSet.ruler(options, tokenizer: tokenizer, questions: GeneratedDataSamples.questions)
        #expect(set.documents.count == 39)
        for document in set.documents {
            let task = try #require(document.questions[0].attributes["task"].flatMap { RulerTask(rawValue: $0) })
            let tokens = GeneratedDataSamples.tokens(document, tokenizer) + task.answerTokens
            #expect(tokens <= length && Double(tokens) >= 0.98 * Double(length), "\(document.id): \(tokens)")
        }
    }

    /// Generating 128k tokens of a task takes seconds.
    @Test(.timeLimit(.minutes(2)), arguments: RulerTask.allCases)
    func longest(task: RulerTask) throws {
        let tokenizer = try Self.tokenizer() ?? GeneratedDataSamples.tokenizer("smollm")
        let options = RulerOptions(lengths: [131_072], tasks: [task], samples: 1)
        let clock = ContinuousClock()
        var set: EvaluationSet?
        let time = try clock.measure {
            set = try EvaluationSet.ruler(options, tokenizer: tokenizer, questions: GeneratedDataSamples.questions)
        }
        let document = try #require(set?.documents.first)
        let tokens = GeneratedDataSamples.tokens(document, tokenizer) + task.answerTokens
        #expect(tokens <= 131_072 && tokens > 128_450)
        // Far above the usual time, since test machines are under load.
        #expect(time < .seconds(30))
        print("\(task.rawValue) at 128k: \(time)")
    }

    /// Generating 128k tokens of haystack takes seconds.
    @Test(.timeLimit(.minutes(2)))
    func longestHaystack() throws {
        let tokenizer = try Self.tokenizer() ?? GeneratedDataSamples.tokenizer("smollm")
        let clock = ContinuousClock()
        let time = try clock.measure {
            let set = try EvaluationSet.needle(
                NeedleOptions(lengths: [131_072], depths: [50]), tokenizer: tokenizer)
            let tokens = GeneratedDataSamples.tokens(set.documents[0], tokenizer) + 64
            #expect(tokens <= 131_072 && tokens > 130_500)
        }
        #expect(time < .seconds(30))
        print("needle at 128k: \(time)")
    }
}
