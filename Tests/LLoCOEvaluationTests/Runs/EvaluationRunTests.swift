import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODataSets
import LLoCOEvaluation
import LLoCOLibrary
import LLoCOModels
import LLoCOReports
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Evaluation runs through the library: questions, stored answers, events and resumption.
@Suite struct EvaluationRunTests {
    private let model: LoadedModel
    private let file = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID().uuidString).jsonl").path

    init() throws {
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.dtype = .float32
        options.segmentTokens = 20
        options.embedder = TestFiles.embedder
        options.template = .plain
        model = try LoadedModel.load(options)
    }

    private let set = EvaluationSet(
        name: "two.jsonl", format: .lloco,
        documents: ["river", "mill"].map { topic in
            EvaluationDocument(
                id: topic, title: topic,
                text: (0..<6).map { "The \(topic) of chapter \($0) has item number \($0) in it.\n" }.joined(),
                questions: (0..<3).map {
                    EvaluationQuestion(
                        id: "\(topic)-\($0)", text: "What is item \($0)?", answers: ["The \(topic)."], metric: .f1,
                        answerTokens: 3)
                })
        })

    private func run(_ change: (inout EvaluationRun.Options) -> Void = { _ in }) async throws -> EvaluationRun {
        var options = EvaluationRun.Options()
        options.modes = [.compressed, .none]
        change(&options)
        return try await EvaluationRun(set, model: model, options: options)
    }

    /// Each answer without its duration.
    private func answers(_ report: EvaluationReport) -> [[String]] {
        report.records.map { [$0.id, $0.mode.rawValue, $0.prediction, "\($0.scores.sorted { $0.key < $1.key })"] }
    }

    @Test func everyQuestionIsAskedOnceInEachMode() async throws {
        let run = try await run { $0.modes = [.compressed, .none, .compressed] }
        #expect(run.modes == [.compressed, .none] && run.total == 12)
        var reported: [String] = []
        let report = try await run.run { event in
            switch event {
            case .resumed: Issue.record("a new run was resumed")
            case .compressing(let tokens, let total): #expect(tokens <= total)
            case .answered(let record):
                reported.append("\(record.id) \(record.mode)")
                #expect(run.records.count == reported.count)
            }
        }
        // Answered by document, but reported by mode.
        #expect(reported.prefix(3) == ["river-0 compressed", "river-0 none", "river-1 compressed"])
        let ids = set.documents.flatMap(\.questions).map(\.id)
        #expect(report.records.map(\.id) == ids + ids)
        #expect(report.modes.map(\.questions) == [6, 6] && report.settings == run.settings)
        #expect(report.settings.model == model.modelIdentity && report.settings.dataDigest == set.digest)
        #expect(report.settings.textShare == nil && report.settings.adapter == nil)
    }

    /// Models and adapters that no mode uses are not loaded and are not part of the settings.
    @Test func unusedPartsAreNotSettings() async throws {
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        (options.dtype, options.segmentTokens, options.template) = (.float32, 20, .plain)
        options.embedder = TestFiles.fixtures.appending(path: "no-such-folder")
        let bare = try LoadedModel.load(options)
        let model = bare.with(try GeneralAdapter(folder: TestFiles.adapter, bare.languageModel.decoder))
        func settings(
            _ modes: AnswerMode..., budget: ContextBudget.Size? = nil, library: SQLiteLibrary? = nil
        ) async throws -> EvaluationReport.Settings {
            var options = EvaluationRun.Options()
            (options.modes, options.budget) = (modes, budget)
            let set = library == nil ? self.set : EvaluationSet(name: "none", format: .lloco, documents: [])
            return try await EvaluationRun(
                set, model: model, library: library, group: library == nil ? nil : "g", options: options
            ).settings
        }
        let text = try await settings(.none, .full)
        #expect(text.embedder == nil && text.adapter == nil)
        let vectors = try await settings(.compressed, .none)
        #expect(try vectors.embedder == nil && vectors.adapter == AdapterCheckpoint.read(TestFiles.adapter).digest())
        let library = try SQLiteLibrary.inMemory()
        #expect(try await settings(.none, budget: .positions(9), library: library).embedder == nil)
        // A retrieval model that is used must be valid.
        await #expect(throws: (any Error).self) { _ = try await settings(.none, .retrieval) }
        await #expect(throws: (any Error).self) { _ = try await settings(.full, budget: .positions(9)) }
        await #expect(throws: (any Error).self) { _ = try await settings(.full, library: library) }
    }

    /// A run interrupted by an error and by cancellation keeps every answer and asks no question again.
    @Test(arguments: [1, 4, 7]) func interruptedRunsResume(after count: Int) async throws {
        defer { try? FileManager.default.removeItem(atPath: file) }
        let expected = try answers(await run().run())
        struct Interruption: Error {}
        do {
            let first = try await run { $0.file = file }
            await #expect(throws: Interruption.self) {
                try await first.run { if case .answered = $0, first.records.count == count { throw Interruption() } }
            }
        }
        let task = Task { [self] in
            let second = try await run { $0.file = file }
            #expect(second.records.count == count)
            return try await second.run { event in
                guard case .answered = event, second.records.count == count + 2 else { return }
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        let last = try await run { $0.file = file }
        var (resumed, asked) = (0, 0)
        let report = try await last.run { event in
            if case .resumed(let answers) = event { resumed = answers }
            if case .answered = event { asked += 1 }
        }
        #expect(resumed == count + 2 && asked == 12 - resumed)
        #expect(answers(report) == expected)
    }

    @Test func otherRunsAndModelsAreRefused() async throws {
        defer { try? FileManager.default.removeItem(atPath: file) }
        do { _ = try await run { $0.file = file } }
        await #expect(throws: EvaluationError.self) { _ = try await run { ($0.file, $0.seed) = (file, 1) } }
        await #expect(throws: EvaluationError.self) { _ = try await run { ($0.file, $0.modes) = (file, [.none]) } }
        let adapter = try AdapterCheckpoint.read(TestFiles.fixtures.appending(path: "autocompressor/adapter"))
        func named(_ model: String?) -> AdapterCheckpoint {
            var checkpoint = adapter
            checkpoint.configuration.baseModel = model
            return checkpoint
        }
        let foreign = String(repeating: "a", count: 64)
        await #expect(throws: EvaluationError.self) {
            _ = try await run { $0.adapter = .given(named(foreign), name: "own") }
        }
        for model in [nil, "a-model/by-name", model.modelIdentity] {
            let run = try await run { $0.adapter = .given(named(model), name: "own") }
            #expect(try run.settings.adapter == named(model).digest())
        }
    }
}
