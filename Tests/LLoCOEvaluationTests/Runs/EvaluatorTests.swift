import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCODataSets
import LLoCOEvaluation
import LLoCOLibrary
import LLoCOModels
import LLoCOReports
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Errors that affect one question, and errors that end the evaluation.
@Suite struct EvaluatorTests {
    private static let model = TestFiles.autocompressor

    private func load(_ model: URL) throws -> LoadedModel {
        var options = LoadedModel.Options(model: model)
        options.embedder = TestFiles.embedder
        options.dtype = .float32
        options.segmentTokens = 20
        options.template = .plain
        return try LoadedModel.load(options)
    }

    /// The tiny model with one tensor of NaN values.
    private func damaged(_ tensor: String = "model.norm.weight") throws -> LoadedModel {
        let folder = FileManager.default.temporaryDirectory.appending(path: "damaged-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.model, to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "model.safetensors")
        var bytes = Array(try Data(contentsOf: file))
        let start = 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try #require(JSONSerialization.jsonObject(with: Data(bytes[8..<start])) as? [String: Any])
        let offsets = try #require((header[tensor] as? [String: Any])?["data_offsets"] as? [Int])
        // All bits set is NaN in every dtype.
        for index in start + offsets[0]..<start + offsets[1] { bytes[index] = 0xFF }
        try Data(bytes).write(to: file)
        return try load(folder)
    }

    private func document(_ questions: [EvaluationQuestion]) -> EvaluationDocument {
        EvaluationDocument(
            id: "a", title: "a", text: "The river rose in 1897. It took the mill and the road.", questions: questions)
    }

    private let question = EvaluationQuestion(
        id: "short", text: "When did the river rise?", answers: ["1897"], metric: .f1, answerTokens: 4)

    @Test func questionsThatDoNotFitAreCounted() async throws {
        let long = EvaluationQuestion(
            id: "long", text: String(repeating: "When did the river rise? ", count: 200), answers: ["1897"],
            metric: .f1, answerTokens: 4)
        var records: [EvaluationRecord] = []
        try await Evaluator(model: load(Self.model)).evaluate(
            document([long, question]), modes: [.none, .compressed, .full]
        ) { records.append($0) }
        #expect(records.map(\.id) == ["long", "long", "long", "short", "short", "short"])
        for record in records {
            #expect((record.unanswered != nil) == (record.id == "long"), "\(record)")
            #expect(record.unanswered?.contains("window holds") ?? true)
        }
    }

    /// Modes that read no passages need no retrieval model: no embedding and no search.
    @Test func modesWithoutPassagesNeedNoRetrievalModel() async throws {
        var options = LoadedModel.Options(model: Self.model)
        (options.dtype, options.segmentTokens, options.template) = (.float32, 20, .plain)
        let evaluator = try Evaluator(model: LoadedModel.load(options))
        var records: [EvaluationRecord] = []
        let modes = [AnswerMode.none, .full, .compressed]
        try await evaluator.evaluate(document([question]), modes: modes) { records.append($0) }
        #expect(records.map(\.mode) == modes && records.allSatisfy { $0.unanswered == nil && $0.passages.isEmpty })
        #expect(records[1].contextTokens > 0 && records[2].contextTokens > 0)
        await #expect(throws: EngineError.self) {
            try await evaluator.evaluate(document([question]), modes: [.retrieval]) { records.append($0) }
        }
    }

    @Test(arguments: [AnswerMode.none, .full])
    func nonFiniteScoresEndTheEvaluation(_ mode: AnswerMode) async throws {
        let evaluator = try Evaluator(model: damaged())
        var records: [EvaluationRecord] = []
        let error = await #expect(throws: ModelError.self) {
            try await evaluator.evaluate(document([question, question]), modes: [mode]) { records.append($0) }
        }
        #expect(error?.errorCode == .damaged && error?.hint == .computeInFloat32)
        #expect(records.isEmpty)
    }

    @Test func nonFiniteLikelihoodsAndLossesAreRefused() async throws {
        let model = try damaged()
        var options = Answerer.Options()
        options.mode = .none
        let answerer = Answerer(model: model, library: try SQLiteLibrary.inMemory())
        let likelihoods = await #expect(throws: ModelError.self) {
            _ = try await answerer.logLikelihoods(of: ["A", "B"], "Which?", options)
        }
        #expect(likelihoods?.errorCode == .damaged)
        let measure = try CompressorMeasure(model.compressor, recentTokens: 4, scoredTokens: 10)
        let losses = #expect(throws: ModelError.self) {
            _ = try measure.losses(of: .init(Array(5..<105)), segments: [1])
        }
        #expect(losses?.errorCode == .damaged)
    }
}
