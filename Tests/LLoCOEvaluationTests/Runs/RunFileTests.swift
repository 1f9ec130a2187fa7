import Foundation
import LLoCOBase
import LLoCODataSets
import LLoCOEvaluation
import LLoCOReports
import Testing

@Suite struct RunFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID().uuidString)")
    private var path: String { folder.appending(path: "run.jsonl").path }

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func settings(
        _ change: (inout EvaluationReport.Settings) -> Void = { _ in }
    ) -> EvaluationReport.Settings {
        var settings = EvaluationReport.Settings(
            data: "d.jsonl", format: .lloco, dataDigest: "digest", answerTokens: ["lloco": 8], model: "m",
            compressor: "c", scheme: "accumulated-1536-50", adapter: nil, embedder: "e", window: 100,
            chatTemplate: "t", dtype: "float32", device: "cpu", decodeWeights: "full", seed: 1)
        change(&settings)
        return settings
    }

    private func record(_ id: String, _ mode: AnswerMode = .none, f1: Double = 50) -> EvaluationRecord {
        EvaluationRecord(
            id: id, document: "d", mode: mode, question: "Why?", prediction: "Because \u{2028} \"so\"", answers: ["x"],
            metric: .f1, scores: ["f1": f1], documentTokens: 10, contextTokens: 0, promptTokens: 3, generatedTokens: 2,
            seconds: .init(retrieve: 0, prefill: 0.25, decode: 0.5, total: 0.75), isAnswerCut: id == "a",
            unanswered: id == "b" ? "too long" : nil, omissions: id == "c" ? ["the end"] : [])
    }

    private func open(
        _ settings: EvaluationReport.Settings? = nil, modes: [AnswerMode] = [.none, .full],
        questions: [String] = ["a", "b", "c", "z"]
    ) throws -> RunFile {
        try RunFile(path, settings: settings ?? self.settings(), modes: modes, questions: questions)
    }

    private func refusal(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return "\(error)" }
        return nil
    }

    /// An answer becomes a prediction; an answer to an unknown question is an error.
    @Test func predictions() throws {
        let questions = ["a", "b"].map { EvaluationQuestion(id: $0, text: "Why?", answers: ["x"], metric: .em) }
        let set = EvaluationSet(
            name: "d.jsonl", format: .lloco,
            documents: [EvaluationDocument(id: "d", title: "d", text: "x", questions: questions)])
        let predictions = try set.predictions(of: [record("b", .full), record("a")])
        #expect(predictions.map(\.question) == questions.reversed() && predictions.map(\.mode) == ["full", "none"])
        #expect(predictions.allSatisfy { $0.prediction == "Because \u{2028} \"so\"" && $0.choiceLogLikelihoods == nil })
        let reason = refusal { _ = try set.predictions(of: [record("a"), record("z")]) }
        #expect(reason == "d.jsonl: an answer to 'z', which is not one of its questions")
    }

    @Test func recordsAreReadBack() throws {
        do {
            let run = try open()
            try run.append(record("a"))
            try run.append(record("b", .full))
            // One writer at a time.
            #expect(refusal { _ = try open() }?.contains("another process") == true)
        }
        #expect(try open().records == [record("a"), record("b", .full)])
        try FileManager.default.removeItem(at: folder)
    }

    /// A file truncated at any byte keeps its complete records, and the run resumes.
    @Test func truncatedFilesResume() throws {
        do {
            let run = try open()
            for id in ["a", "b", "c"] { try run.append(record(id)) }
        }
        let whole = try Data(contentsOf: URL(filePath: path))
        let ends = whole.indices.filter { whole[$0] == UInt8(ascii: "\n") }
        for length in stride(from: 0, through: whole.count, by: 7) {
            try whole.prefix(length).write(to: URL(filePath: path))
            let kept = max(0, ends.filter { $0 < length }.count - 1)
            do {
                let run = try open()
                #expect(run.records.map(\.id) == Array(["a", "b", "c"].prefix(kept)), "\(length)")
                try run.append(record("z"))
            }
            #expect(try open().records.map(\.id) == Array(["a", "b", "c"].prefix(kept)) + ["z"], "\(length)")
        }
        try FileManager.default.removeItem(at: folder)
    }

    @Test func recordsOfAnotherRunAreRefused() throws {
        for (records, part) in [
            ([record("y")], "'y' is not in the run"), ([record("a", .retrieval)], "mode retrieval"),
            ([record("a"), record("b"), record("a")], "line 4"),
        ] {
            do {
                let run = try open()
                for record in records { try run.append(record) }
            }
            #expect(refusal { _ = try open() }?.contains(part) == true, "\(part)")
            try FileManager.default.removeItem(atPath: path)
        }
        try FileManager.default.removeItem(at: folder)
    }

    @Test func anotherRunIsRefused() throws {
        do { _ = try open() }
        let changes: [(String, ErrorHint.Setting?, (inout EvaluationReport.Settings) -> Void)] = [
            ("another model", .model, { $0.model = "n" }), ("another seed", .seed, { $0.seed = 2 }),
            ("other questions", nil, { $0.dataDigest = "n" }),
            ("another compressor", .compressor, { $0.compressor = nil }),
            ("another compression scheme", .scheme, { $0.scheme = "accumulated-20-50" }),
            ("another adapter", .adapter, { $0.adapter = "n" }),
            ("another retrieval model", .embedder, { $0.embedder = nil }),
            ("other answer limits", .answerTokens, { $0.answerTokens = ["lloco": 9] }),
            ("another dtype", .dtype, { $0.dtype = "bfloat16" }), ("another device", .device, { $0.device = "cuda" }),
            ("other decode weights", .decodeWeights, { $0.decodeWeights = "4-bit" }),
            ("another chat template", .chatTemplate, { $0.chatTemplate = "n" }),
            ("other settings", nil, { $0.window = 200 }),
        ]
        func expectAnother(_ part: String, _ setting: ErrorHint.Setting?, _ body: () throws -> Void) {
            let error = #expect(throws: EvaluationError.self, performing: body)
            #expect(error?.description.contains(part) == true && error?.errorCode == .invalid, "\(part)")
            #expect(error?.hint == .startAnotherRun(file: path, differs: setting), "\(part)")
        }
        for (part, setting, change) in changes { expectAnother(part, setting) { _ = try open(settings(change)) } }
        expectAnother("other modes", .modes) { _ = try open(modes: [.none]) }
        expectAnother("other questions", nil) { _ = try open(questions: ["a"]) }
        try Data(#"{"modes":["none"],"questions":4,"settings":{"data":"d.jsonl"}}"#.utf8 + [10]).write(
            to: URL(filePath: path))
        #expect(refusal { _ = try open() }?.contains("another version") == true)
        for other in ["not a run\n", "{}\n", "\u{0}\u{1}\n"] {
            try Data(other.utf8).write(to: URL(filePath: path))
            #expect(refusal { _ = try open() }?.contains("no evaluation run") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == Data(other.utf8), "the file stays")
        }
        #expect(
            refusal {
                _ = try RunFile(folder.path, settings: settings(), modes: [.none], questions: ["a"])
            }?.contains("cannot be written") == true)
        try FileManager.default.removeItem(at: folder)
    }

    @Test func figuresOfRecords() throws {
        let modes: [AnswerMode] = [.compressed, .none]
        var records = (0..<30).flatMap { index in
            [record("q\(index)", .compressed, f1: Double(index % 3) * 50), record("q\(index)", .none, f1: 10)]
        }
        // A question asked in only one mode is excluded from the figures.
        records.append(record("late", .compressed, f1: 100))
        let report = EvaluationReport(settings: settings(), modes: modes, malformed: [], records: records)
        #expect(report.modes.map(\.questions) == [30, 30])
        records[0].isAnswerCut = true
        records[3].unanswered = "too long"
        let counted = EvaluationReport(settings: settings(), modes: modes, malformed: [], records: records)
        #expect(counted.modes.map(\.cutAnswers) == [1, 0] && counted.modes.map(\.unanswered) == [0, 1])
        #expect(report.metrics.first == "f1")
        let f1 = try #require(report.modes[0].scores["f1"])
        #expect(abs(f1.mean - 50) < 1e-9 && f1.low < 45 && f1.high > 55)
        #expect(report.modes[1].scores["f1"] == .init(mean: 10, low: 10, high: 10))
        let comparison = try #require(report.comparisons.first { $0.metric == "f1" })
        #expect(abs(comparison.difference.mean - 40) < 1e-9 && comparison.difference.low > 0)
        #expect(comparison.p < 0.01)
        try FileManager.default.removeItem(at: folder)
    }
}
