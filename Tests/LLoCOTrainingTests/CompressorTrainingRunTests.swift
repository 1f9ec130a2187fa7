import Foundation
import LLoCOBase
import LLoCOCompression
import LLoCODocuments
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTraining
import Testing

/// A whole training run: what it tells, what it leaves in its folder, how it is interrupted and goes on.
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

    /// What the compressor's files hold.
    private func weights(_ run: CompressorTrainingRun) throws -> [Data] {
        try ["embed_summary.safetensors", "adapter_model.safetensors", "compressor.json"].map {
            try Data(contentsOf: run.folder.appending(path: $0))
        }
    }

    /// Each logged step with its loss.
    private func log(_ run: CompressorTrainingRun) -> [[Double]] {
        CompressorTrainingLog.lines(in: run.folder).map { [Double($0.step), $0.loss, $0.gradientNorm ?? -1] }
    }

    @Test func whatARunTellsAndLeaves() async throws {
        var run = run("whole")
        run.corpus = TrainingCorpus([Sample.text("river"), "A short text."])
        var told: [String] = []
        var saved: [Int] = []
        let outcome = try await run.run { event in
            switch event {
            case .textsOmitted(let count, let total, let bytes): told.append("omitted \(count) \(total) \(bytes)")
            case .questionsHeldOut, .questionsOmitted: told.append("questions")
            case .begun(let texts, let bytes, let step): told.append("begun \(texts) \(bytes) \(step)")
            case .step(let step, let speed):
                told.append("step \(step.step)")
                #expect(speed > 0)
                let line = CompressorTrainingLog.lines(in: run.folder).last
                #expect(line?.step == step.step && line?.loss == step.loss && line?.tokensPerSecond == speed)
                #expect(line?.losses == ["continuation": step.losses[.continuation] ?? .nan])
            case .saved(let step): saved.append(step)
            }
        }
        let begun = "begun 1 \(Sample.text("river").utf8.count) 0"
        #expect(told == ["omitted 1 2 192", begun] + (1...7).map { "step \($0)" })
        #expect(saved == [2, 4, 6, 7])
        #expect(outcome.steps == 7 && outcome.tokens == 7 * 2 * 64)
        let compressor = try CompressorCheckpoint(
            folder: run.folder, for: fixture.decoder,
            identity: FileIdentity.digest(of: fixture.model.identityFiles))
        #expect(compressor.description.trainedTokens == outcome.tokens)
        #expect(compressor.description.scheme == (try run.recipe.scheme))
        #expect(!TestFiles.exists(run.folder.appending(path: "training.lock")))
        // Nothing is left to do.
        let before = try weights(run)
        #expect(try await run.run().tokens == outcome.tokens)
        #expect(try weights(run) == before && log(run).count == 7)
    }

    /// After a step that was saved and after one that was not, by an error and by cancellation.
    @Test(arguments: [1, 2, 5])
    func anInterruptedRunGoesOn(after step: Int) async throws {
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
            // A kill can leave half a line.
            let file = interrupted.folder.appending(path: CompressorTrainingLog.name)
            try (Data(contentsOf: file) + Data("{\"loss\":1".utf8)).write(to: file)
            var begun: Int?
            let end = try await interrupted.run { if case .begun(_, _, let step) = $0 { begun = step } }
            // The error comes before the step's checkpoint; cancellation makes one.
            #expect(begun == (interrupted.folder == failed.folder ? (step - 1) / 2 * 2 : step))
            #expect(end.steps == outcome.steps && end.tokens == outcome.tokens)
            #expect(try weights(interrupted) == weights(whole))
            #expect(log(interrupted) == log(whole))
        }
    }

    /// A run that is cancelled before it begins, or within its time, leaves what stands in the folder.
    @Test func whatStandsStaysWhole() async throws {
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
            // Another process's run, for all that this one knows.
            let lock = try CompressorTrainer.lock(run.folder)
            await #expect(throws: LockError.self) { try await run.run() }
            withExtendedLifetime(lock) {}
        }
        var other = run
        other.seed += 1
        #expect(await laterMessage { _ = try await other.run() }?.contains("saved run is of another") == true)
        #expect(try weights(run) == before && log(run).count == 1)
    }

    /// Questions and what reads answers are for one objective.
    @Test func whatAnsweringNeeds() async throws {
        let set = QuestionSet(documents: [
            QuestionDocument(
                id: "a", title: "a", document: "The mill rose.",
                questions: [Question(id: "1", text: "What rose?", answers: ["The mill."])])
        ])
        var plain = run("plain")
        plain.questions = [set]
        #expect(await laterMessage { _ = try await plain.run() }?.contains("'answering' no share") == true)
        plain.questions = []
        plain.reader = TestFiles.adapter
        #expect(await laterMessage { _ = try await plain.run() }?.contains("'answering' no share") == true)
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
        // A reader is part of what a run is.
        asking.reader = nil
        #expect(await laterMessage { _ = try await asking.run() }?.contains("saved run is of another") == true)
        // A compressor is trained further, on what it was trained on and on more.
        var further = run("further") { ($0.segmentTokens, $0.steps) = (64, 1) }
        further.start = asking.folder
        let known = try CompressorCheckpoint.description(in: asking.folder).trainedTokens
        #expect(try await further.run().tokens > known)
    }

    @Test func whatACorpusHoldsOut() throws {
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
