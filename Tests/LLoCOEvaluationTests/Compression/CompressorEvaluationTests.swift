import Foundation
import LLoCOBase
import LLoCOCompression
import LLoCOEvaluation
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import LLoCOTraining
import Testing

/// The choice of texts for a compressor's evaluation, and its reproducibility.
@Suite struct CompressorEvaluationTests {
    private let model: LoadedModel
    private let measure: CompressorMeasure

    init() throws {
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.dtype = .float32
        options.segmentTokens = 20
        model = try LoadedModel.load(options)
        measure = try CompressorMeasure(model.compressor, recentTokens: 4, scoredTokens: 10)
    }

    private func texts(_ count: Int) -> [String] {
        (0..<count).map { text in
            (0..<6).map { "In \(1700 + 7 * text + $0) the river took the mill at mile \(text * $0 % 50). " }.joined()
        }
    }

    private func evaluation(
        _ texts: [String], _ change: (inout CompressorEvaluation.Options) -> Void = { _ in }
    ) throws -> CompressorEvaluation {
        var options = CompressorEvaluation.Options()
        options.segments = [2, 1, 400]
        change(&options)
        return try CompressorEvaluation(
            TrainingCorpus(texts), measure: measure, tokenizer: model.languageModel.tokenizer, options: options)
    }

    @Test func figuresCoverTextsThatAreLongEnough() throws {
        var reported: [Int] = []
        let figures = try evaluation(texts(5) + ["Too short."]).figures { done, total in
            reported.append(done)
            #expect(total == 5 * (2 + 1 + 2))
        }
        #expect(reported == Array(1...25))
        #expect(figures.map(\.segments) == [1, 2] && figures.map(\.texts) == [5, 5])
        // The order of the texts does not matter; another seed chooses other places.
        #expect(try evaluation(texts(5).reversed()).figures().map(\.lossFull) == figures.map(\.lossFull))
        #expect(try evaluation(texts(5)) { $0.seed = 1 }.figures().map(\.lossFull) != figures.map(\.lossFull))
        #expect(try evaluation(texts(5)) { $0.samples = 2 }.figures().map(\.texts) == [2, 2])
    }

    @Test func onlyHeldOutTextsAreMeasured() throws {
        let corpus = TrainingCorpus(texts(120))
        #expect(!corpus.heldOut.isEmpty)
        let evaluation = try evaluation(texts(120)) { ($0.heldOutOnly, $0.segments, $0.samples) = (true, [1], 3) }
        #expect(try evaluation.figures().map(\.texts) == [min(3, corpus.heldOut.count)])
        #expect(throws: EvaluationError.self) { _ = try self.evaluation(texts(99)) { $0.heldOutOnly = true } }
        #expect(throws: EvaluationError.self) { _ = try self.evaluation(["Too short."]) }
    }

    @Test func cancellationEndsTheEvaluation() async throws {
        let task = Task { [self] in
            try evaluation(texts(5)).figures { done, _ in
                if done == 3 { withUnsafeCurrentTask { $0?.cancel() } }
                #expect(done <= 3)
            }
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
}
