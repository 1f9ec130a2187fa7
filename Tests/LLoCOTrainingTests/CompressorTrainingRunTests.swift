import Foundation
import LLoCOBase
import LLoCOCompression
import LLoCODocuments
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTraining
import Testing

/// Whole training runs: events, output files, interruption and resumption.
@Suite(.seeded) struct CompressorTrainingRunTests {
    let fixture: CompressorFixture
    let folder: TemporaryFolder

    init() throws {
        fixture = try CompressorFixture()
        folder = try TemporaryFolder()
    }

    private struct Interruption: Error {}

    private func run(
        _ name: String, _ change: (inout CompressorRecipe) -> Void = { _ in }
    ) -> CompressorTrainingRun {
        var recipe = CompressorRecipe()
        recipe.summaryTokens = 3
        recipe.segmentTokens = 16
        recipe.rowTokens = 64
        recipe.batchRows = 2
        recipe.steps = 7
        recipe.warmupSteps = 1
        recipe.learningRate = 1e-2
        recipe.summaryLearningRate = 1e-2
        recipe.rank = 4
        recipe.dropout = 0.2
        recipe.checkpointSteps = 2
        change(&recipe)
        var run = CompressorTrainingRun(
            model: fixture.model, recipe: recipe,
            corpus: TrainingCorpus([Sample.text("river"), Sample.text("mill")]),
            folder: folder.url.appending(path: name))
        run.seed = 3
        return run
    }

    /// The contents of the compressor's files.
    private func weights(_ run: CompressorTrainingRun) throws -> [Data] {
        try ["embed_summary.safetensors", "adapter_model.safetensors", "compressor.json"].map {
            try Data(contentsOf: run.folder.appending(path: $0))
        }
    }

    /// Each logged step with its loss.
    private func log(_ run: CompressorTrainingRun) -> [[Double]] {
        CompressorTrainingLog.lines(in: run.folder).map { [Double($0.step), $0.loss, $0.gradientNorm ?? -1] }
    }

    @Test func eventsAndOutputOfARun() async throws {
        var run = run("whole")
        run.corpus = TrainingCorpus([Sample.text("river"), "A short text."])
        var events: [String] = []
        var saved: [Int] = []
        let outcome = try await run.run { event in
            switch event {
            case .textsOmitted(let count, let total, let bytes): events.append("omitted \(count) \(total) \(bytes)")
            case .questionsHeldOut, .questionsOmitted: events.append("questions")
            case .begun(let texts, let bytes, let step): events.append("begun \(texts) \(bytes) \(step)")
            case .step(let step, let speed):
                events.append("step \(step.step)")
                #expect(speed > 0)
                let line = CompressorTrainingLog.lines(in: run.folder).last
                #expect(line?.step == step.step && line?.loss == step.loss && line?.tokensPerSecond == speed)
                #expect(line?.losses == ["continuation": step.losses[.continuation] ?? .nan])
            case .saved(let step): saved.append(step)
            }
        }
        let begun = "begun 1 \(Sample.text("river").utf8.count) 0"
        #expect(events == ["omitted 1 2 192", begun] + (1...7).map { "step \($0)" })
        #expect(saved == [2, 4, 6, 7])
        #expect(outcome.steps == 7 && outcome.tokens == 7 * 2 * 64)
        let compressor = try CompressorCheckpoint(
            folder: run.folder, for: fixture.decoder,
            identity: FileIdentity.digest(of: fixture.model.identityFiles))
        #expect(compressor.description.trainedTokens == outcome.tokens)
        #expect(compressor.description.scheme == (try run.recipe.scheme))
        #expect(!TestFiles.exists(run.folder.appending(path: "training.lock")))
        // A finished run changes nothing.
        let before = try weights(run)
        #expect(try await run.run().tokens == outcome.tokens)
        #expect(try weights(run) == before && log(run).count == 7)
    }

    /// A run resumes after an error or cancellation, after a saved step and after an unsaved one.
    @Test(arguments: [1, 2, 5])
    func anInterruptedRunResumes(after step: Int) async throws {
        let whole = run("whole")
        let outcome = try await whole.run()
        let failed = run("failed")
        await #expect(throws: Interruption.self) {
            try await failed.run { if case .step(let made, _) = $0, made.step == step { throw Interruption() } }
        }
        let cancelled = run("cancelled")
        let task = Task {
            try await cancelled.run { event in
                guard case .step(let made, _) = event, made.step == step else { return }
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        for interrupted in [failed, cancelled] {
            #expect(log(interrupted) == Array(log(whole).prefix(step)))
            #expect(!TestFiles.exists(interrupted.folder.appending(path: "training.lock")))
            // A kill can leave a truncated line.
            let file = interrupted.folder.appending(path: CompressorTrainingLog.name)
            try (Data(contentsOf: file) + Data("{\"loss\":1".utf8)).write(to: file)
            var begun: Int?
            let end = try await interrupted.run { if case .begun(_, _, let step) = $0 { begun = step } }
            // An error precedes the step's checkpoint; cancellation writes one.
            #expect(begun == (interrupted.folder == failed.folder ? (step - 1) / 2 * 2 : step))
            #expect(end.steps == outcome.steps && end.tokens == outcome.tokens)
            #expect(try weights(interrupted) == weights(whole))
            #expect(log(interrupted) == log(whole))
        }
    }

    /// A cancelled or refused run does not change the folder.
    @Test func theFolderStaysValid() async throws {
        var run = run("mine")
        run.maximumSeconds = 0
        let first = try await run.run()
        #expect(first.steps == 1 && log(run).count == 1)
        let before = try weights(run)
        let cancelled = run
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await cancelled.run()
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try weights(run) == before && log(run).count == 1)
        do {
            // Stands for another process's run.
            let lock = try CompressorTrainer.lock(run.folder)
            await #expect(throws: LockError.self) { try await run.run() }
            withExtendedLifetime(lock) {}
        }
        var other = run
        other.seed += 1
        #expect(await laterMessage { _ = try await other.run() }?.contains("saved run is of another") == true)
        #expect(try weights(run) == before && log(run).count == 1)
    }

    /// Questions and a reader adapter need the objective `answering`, which needs questions.
    @Test func answeringNeedsQuestions() async throws {
        let set = QuestionSet(documents: [
            QuestionDocument(
                id: "a", title: "a", document: "The mill rose.",
                questions: [Question(id: "1", text: "What rose?", answers: ["The mill."])])
        ])
        var plain = run("plain")
        plain.questions = [set]
        #expect(await laterMessage { _ = try await plain.run() }?.contains("'answering' has share 0") == true)
        plain.questions = []
        plain.reader = TestFiles.adapter
        #expect(await laterMessage { _ = try await plain.run() }?.contains("'answering' has share 0") == true)
        #expect(try folder.contents() == [])
        var asking = run("asking") {
            ($0.continuation, $0.answering, $0.segmentTokens, $0.steps) = (0, 1, 64, 2)
        }
        #expect(await laterMessage { _ = try await asking.run() }?.contains("needs questions") == true)
        asking.questions = [set]
        asking.reader = TestFiles.adapter
        #expect(try await asking.run().steps == 2)
        let lines = CompressorTrainingLog.lines(in: asking.folder)
        #expect(lines.count == 2 && lines.allSatisfy { $0.losses?.keys.sorted() == ["answering"] })
        // The reader adapter is part of a run's identity.
        asking.reader = nil
        #expect(await laterMessage { _ = try await asking.run() }?.contains("saved run is of another") == true)
        // A run that is initialized from a compressor adds to its number of trained tokens.
        var further = run("further") { ($0.segmentTokens, $0.steps) = (64, 1) }
        further.start = asking.folder
        let earlierTokens = try CompressorCheckpoint.description(in: asking.folder).trainedTokens
        #expect(try await further.run().tokens > earlierTokens)
    }

    @Test func aCorpusHoldsOutTexts() throws {
        let texts = (0..<200).map { "The mill of year \($0) rose in spring and took the road." }
        let corpus = TrainingCorpus(texts)
        #expect(corpus.trained == TrainingText.trained(among: texts) && corpus.count == 200)
        #expect(corpus.heldOut == texts.filter(TrainingText.isHeldOut) && !corpus.heldOut.isEmpty)
        #expect(TrainingCorpus(Array(texts.prefix(99))).heldOut == [])
        let lines = texts.map { "{\"text\": \"\($0)\"}" }.joined(separator: "\n")
        let files = try [folder.write("a.jsonl", text: lines), folder.write("b.txt", text: "One.")]
        let read = try TrainingCorpus(contentsOf: files.map { URL(filePath: $0) })
        #expect(read.count == 201 && read.heldOut.filter(texts.contains) == corpus.heldOut)
    }
}
