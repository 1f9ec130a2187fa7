import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import LLoCOTraining
import Testing

/// Training a head selection.
@Suite(.seeded) struct SelectionTrainerTests {
    let fixture: CompressorFixture
    let folder: TemporaryFolder

    init() throws {
        fixture = try CompressorFixture()
        folder = try TemporaryFolder()
    }

    private var recipe: SelectionRecipe {
        var recipe = SelectionRecipe()
        (recipe.segmentTokens, recipe.summaryTokens, recipe.questionedSegments) = (24, 4, 8)
        (recipe.steps, recipe.warmupSteps, recipe.checkpointSteps) = (12, 1, 4)
        (recipe.shareLearningRate, recipe.weightLearningRate, recipe.directionLearningRate) = (0.1, 0.1, 0.1)
        return recipe
    }

    private var sets: [QuestionSet] {
        [
            QuestionSet(
                documents: ["river", "mill"].map { name in
                    QuestionDocument(
                        id: name, title: name,
                        document: "The \(name) rose in spring and took the road. Nobody had seen it so high before.",
                        questions: [
                            Question(id: "\(name)-1", text: "What did the \(name) take?", answers: ["The road."]),
                            Question(id: "\(name)-2", text: "When did it rise?", answers: ["In spring."]),
                        ])
                })
        ]
    }

    private func questions() throws -> TrainingQuestions {
        let tokenizer = try fixture.model.tokenizer
        return try TrainingQuestions(
            sets, maximumTokens: 192, tokenizer: tokenizer, prompts: PromptBuilder(template: nil, tokenizer: tokenizer))
    }

    private func trainer(_ recipe: SelectionRecipe) throws -> SelectionTrainer {
        try SelectionTrainer(
            decoder: fixture.decoder, recipe: recipe, sample: fixture.values.document, seed: 3)
    }

    /// A question and its answer must fit the window after a document's positions.
    @Test func questionsBeyondTheWindowAreRefused() throws {
        try questions().check(fit: 1060, after: 60)
        let error = #expect(throws: TrainingError.self) { try questions().check(fit: 1060, after: 1059) }
        #expect(error?.description.contains("after 1059 positions") == true)
    }

    @Test func sharesAreEqualAtFirstAndAreLearned() throws {
        let trainer = try trainer(recipe)
        let start = try trainer.selection()
        #expect(Set(start.shares).count == 1 && start.count == 8)
        #expect(start.attentionPowers.allSatisfy { $0 == 1 } && start.directions.allSatisfy { $0 == 0 })
        let questions = try questions()
        let losses = try (0..<12).map { _ in try trainer.step(questions).loss }
        #expect(losses.allSatisfy { $0.isFinite })
        let learned = try trainer.selection()
        #expect(Set(learned.shares).count > 1 && learned.shares.max() == 1000)
        #expect(learned.logWeights.contains { $0 != 0 } && learned.attentionPowers.contains { $0 != 1 })
        #expect(learned.valuePowers.contains { $0 != 1 } && learned.directions.contains { $0 != 0 })
        let size = fixture.decoder.configuration.headSize
        #expect(learned.directions.count == 8 * 2 * size)
    }

    /// The learned selection lowers the loss of answers with hard borders, as in use.
    @Test func theSelectionLowersTheLossOfAnswers() throws {
        var recipe = recipe
        recipe.steps = 60
        let trainer = try trainer(recipe)
        let questions = try questions()
        func loss(_ selection: HeadSelection) throws -> Double {
            let scheme = CompressionScheme(
                segmentTokens: 24, summaryTokens: 4, carry: .independent,
                method: .attended(AttendedKeysAndValues(selection: selection)))
            let compressor = try Compressor.attended(for: fixture.decoder, scheme)
            let measure = try AnswerLosses(compressor, fixture.model.tokenizer)
            return try measure.mean(of: sets[0])
        }
        let before = try loss(trainer.selection())
        for _ in 0..<60 { _ = try trainer.step(questions) }
        let after = try loss(trainer.selection())
        #expect(after < before - 0.02, "\(before) to \(after)")
    }

    @Test func aResumedRunMatchesAnUninterruptedOne() async throws {
        func run(_ name: String) -> SelectionTrainingRun {
            var run = SelectionTrainingRun(
                model: fixture.model, recipe: recipe, questions: sets, folder: folder.url.appending(path: name))
            run.seed = 3
            return run
        }
        struct Interruption: Error {}
        let whole = run("whole")
        let outcome = try await whole.run()
        #expect(outcome.steps == 12)
        let broken = run("broken")
        await #expect(throws: Interruption.self) {
            try await broken.run { if case .step(let step, _) = $0, step.step == 7 { throw Interruption() } }
        }
        #expect(try await broken.run().tokens == outcome.tokens)
        for name in ["selection.safetensors", "compressor.json", "embed_summary.safetensors"] {
            let files = try [whole, broken].map { try Data(contentsOf: $0.folder.appending(path: name)) }
            #expect(files[0] == files[1], "\(name)")
        }
        #expect(!TestFiles.exists(whole.folder.appending(path: "adapter_model.safetensors")))
        var other = whole
        other.seed = 4
        #expect(await laterMessage { _ = try await other.run() }?.contains("another seed") == true)
        // The output is a compressor, and another can be initialized from it.
        let identity = try FileIdentity.digest(of: fixture.model.identityFiles)
        let start = try CompressorCheckpoint(folder: whole.folder, for: fixture.decoder, identity: identity)
        let selection = try #require(start.description.scheme.segmentCompressor.selection)
        #expect(Set(selection.shares).count > 1 && start.adapter == nil)
        var next = CompressorRecipe()
        (next.segmentTokens, next.summaryTokens, next.carry, next.rank) = (24, 4, .independent, 4)
        next.readingTokens = 24
        (next.form, next.summaryInput, next.adapterScope) = (.keysAndValues, .attended, .compressing)
        let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: next, seed: 1, start: start)
        let saved = try trainer.checkpoint(baseModel: identity, trainedTokens: 0)
        #expect(saved.description.scheme.segmentCompressor.selection == selection)
        try saved.write(to: folder.url.appending(path: "saved"))
        let loaded = try CompressorCheckpoint(
            folder: folder.url.appending(path: "saved"), for: fixture.decoder, identity: identity)
        #expect(loaded.description.scheme == saved.description.scheme && loaded.adapter != nil)
        // An exchanged file is refused.
        let file = whole.folder.appending(path: "selection.safetensors")
        try Data("{}".utf8).write(to: file)
        #expect(
            message { _ = try CompressorCheckpoint(folder: whole.folder, for: fixture.decoder, identity: identity) }?
                .contains("selection.safetensors") == true)
    }
}

/// Measures the loss of a question set's answers after its documents' vectors.
private struct AnswerLosses {
    let compressor: Compressor
    let tokenizer: any Tokenizer

    init(_ compressor: Compressor, _ tokenizer: any Tokenizer) throws {
        (self.compressor, self.tokenizer) = (compressor, tokenizer)
    }

    func mean(of set: QuestionSet) throws -> Double {
        let prompts = PromptBuilder(template: nil, tokenizer: tokenizer)
        let decoder = compressor.decoder
        var (sum, count) = (0.0, 0)
        for document in set.documents {
            let ids = tokenizer.encode(try #require(document.document), special: .asText)
            let vectors = try withoutGradients { try compressor.compress(ids) }
            for question in document.questions {
                let prompt = try prompts.prompt(question: question.text)
                let answer = try prompts.answer(question.answers[0])
                let context = try withoutGradients { try compressor.context(vectors, adapters: .none) }
                let hidden = try withoutGradients {
                    try decoder.predictors(
                        of: [(prompt + answer, prompt.count)], after: context, adapters: .none, recomputes: false)[0]
                }
                sum += try decoder.crossEntropy(hidden, targets: answer)
                count += answer.count
            }
        }
        return sum / Double(count)
    }
}
