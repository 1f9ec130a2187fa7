import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import LLoCOTraining
import Testing

/// Training with every compression method and objective.
@Suite(.seeded) struct CompressorObjectivesTests {
    let fixture: CompressorFixture

    init() throws { fixture = try CompressorFixture() }

    private func recipe(_ scheme: CompressionScheme) -> CompressorRecipe {
        var recipe = CompressorRecipe()
        (recipe.summaryTokens, recipe.segmentTokens, recipe.rowTokens) = (3, 64, 128)
        (recipe.carry, recipe.form) = (scheme.carry, scheme.segmentCompressor.form)
        (recipe.summaryInput, recipe.adapterScope) = (
            scheme.segmentCompressor.summaryInput, scheme.segmentCompressor.adapterScope
        )
        (recipe.batchRows, recipe.steps, recipe.warmupSteps) = (2, 8, 1)
        (recipe.learningRate, recipe.summaryLearningRate) = (1e-2, 1e-2)
        (recipe.rank, recipe.alpha, recipe.dropout, recipe.readingTokens) = (4, 8, 0, 24)
        return recipe
    }

    /// The gradients of every method and objective equal finite differences of the loss.
    @Test(arguments: CompressionScheme.everyMethod, [false, true])
    func gradientsMatchFiniteDifferences(_ scheme: CompressionScheme, _ isDistilled: Bool) throws {
        let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe(scheme), seed: 1)
        let start = try fixture.adapter()
        for (parameter, value) in zip(trainer.adapter.parameters, start.parameters) { try parameter.copy(from: value) }
        let ids = fixture.values.document
        var row = CompressorTrainer.CompressedRow(
            segments: [Array(ids[0..<20]), Array(ids[20..<34])], vectorCounts: [3, 2],
            sequences: [.init(ids: Array(ids[34..<50]), start: 2)],
            objective: isDistilled ? .distillation : .continuation)
        if scheme.segmentCompressor.adapterScope == .summaries, scheme.segmentCompressor.summaryInput == .attended {
            return
        }
        if scheme.segmentCompressor.adapterScope == .summaries, scheme.carry != .independent {
            // Without the adapter, no gradients flow through the text's pass to earlier vectors.
            (row.segments, row.vectorCounts) = ([row.segments[0]], [3])
        }
        _ = try trainer.backward(row, scale: 0.5)
        let parameters = trainer.adapter.parameters + [trainer.embedSummary]
        let gradients = try parameters.map { try $0.gradient?.cloned() ?? Tensor.zeros($0.shape) }
        #expect(try gradients[scheme.learnedRows > 0 ? gradients.count - 1 : 0].norm().item() > 0)
        try Runtime.seed(5)
        let directions = try parameters.map {
            try Tensor.randn($0.shape) * ($0.detached().norm().item() + 0.1) * 0.01
        }
        // Attended vectors change abruptly if another position is chosen: small steps keep the choice.
        let scale = scheme.segmentCompressor.summaryInput == .attended ? 0.1 : 1
        let values = try parameters.map { try $0.detached().cloned() }
        func loss(at step: Double) throws -> Double {
            for (index, parameter) in parameters.enumerated() {
                try parameter.detached().copy(from: values[index] + directions[index] * step)
            }
            defer { for parameter in parameters { try? parameter.clearGradient() } }
            return try 0.5 * trainer.backward(row, scale: 0.5)
        }
        func slope(_ step: Double) throws -> Double { try (loss(at: step) - loss(at: -step)) / (2 * step) }
        let found = try zip(gradients, directions).reduce(0.0) { try $0 + ($1.0 * $1.1).sum().item() }
        // Richardson extrapolation, since the model is far from linear.
        let expected = try (4 * slope(0.02 * scale) - slope(0.04 * scale)) / 3
        #expect(abs(found - expected) < 0.03 * max(0.1, abs(expected)), "\(found), \(expected)")
    }

    /// A batch of rows has the losses and gradients of its single rows.
    @Test(arguments: CompressionScheme.everyMethod, [GradientCheckpointing.never, .always])
    func aBatchMatchesSingleRows(_ scheme: CompressionScheme, _ checkpointing: GradientCheckpointing) throws {
        let isDistilled = scheme.carry != .newest
        let ids = fixture.values.document
        func row(_ start: Int) -> CompressorTrainer.CompressedRow {
            let ids = Array(ids[start..<start + 50])
            return .init(
                segments: [Array(ids[0..<20]), Array(ids[20..<34])], vectorCounts: [3, 2],
                sequences: [.init(ids: Array(ids[34..<50]), start: 2)],
                objective: isDistilled ? .distillation : .continuation)
        }
        let start = try fixture.adapter()
        func gradients(_ passes: [[CompressorTrainer.CompressedRow]]) throws -> (Double, [Tensor]) {
            let trainer = try CompressorTrainer(
                decoder: fixture.decoder, recipe: recipe(scheme), seed: 1, checkpointing: checkpointing)
            for (parameter, value) in zip(trainer.adapter.parameters, start.parameters) {
                try parameter.copy(from: value)
            }
            let sum = try passes.reduce(0) { try $0 + trainer.backward($1, scale: 0.5) }
            let parameters = trainer.adapter.parameters + [trainer.embedSummary]
            return (sum, try parameters.map { try $0.gradient ?? .zeros($0.shape) })
        }
        let (first, second) = (row(0), row(17))
        if scheme.segmentCompressor.adapterScope == .summaries, scheme.segmentCompressor.summaryInput == .attended {
            return
        }
        let (together, apart) = (try gradients([[first, second]]), try gradients([[first], [second]]))
        #expect(relativeError(together.0, apart.0) < 1e-5)
        for (one, other) in zip(together.1, apart.1) {
            #expect(try (one - other).norm().item() <= 1e-3 * other.norm().item())
        }
        var longer = second
        longer.segments[0].append(7)
        #expect(throws: TrainingError.self) { try gradients([[first, longer]]) }
        var answering = second
        answering.objective = .answering
        #expect(throws: TrainingError.self) { try gradients([[first, answering]]) }
        #expect(throws: TrainingError.self) { try gradients([[]]) }
    }

    /// A step's batches have the requested number of rows together. Rows of a batch have equal shapes, and every
    /// objective gets its share.
    @Test func rowsAreBatchedByShape() throws {
        var recipe = recipe(
            CompressionScheme(
                carry: .independent, method: .attended(AttendedKeysAndValues(adapterScope: .compressing))))
        (recipe.batchRows, recipe.rowsPerPass) = (7, 3)
        (recipe.continuation, recipe.reconstruction, recipe.answering) = (1, 1, 2)
        let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2)
        let long = (0..<20).map { "The river carries item \($0) past the mill." }.joined(separator: " ")
        let text = try TrainingText([long, String(long.prefix(200)), String(long.suffix(170))])
        let tokenizer = try fixture.model.tokenizer
        let questions = try questions()
        var generator = SplitMix64(seed: 4)
        var counts: [CompressorTrainer.Objective: Int] = [:]
        var sizes: Set<Int> = []
        for _ in 0..<200 {
            let passes = try trainer.draw(3, from: text, questions, tokenizer, &generator)
            #expect(passes.reduce(0) { $0 + $1.rowCount } == 3)
            for case let pass as CompressorTrainer.CompressedRows in passes {
                let rows = pass.rows
                sizes.insert(rows.count)
                counts[rows[0].objective, default: 0] += rows.count
                #expect(rows.allSatisfy { $0.shape == rows[0].shape && $0.objective == rows[0].objective })
                #expect(rows.count == 1 || rows[0].sequences.count == 1)
            }
        }
        #expect(sizes == [1, 2, 3])
        #expect(abs(Double(counts[.answering] ?? 0) / 600 - 0.5) < 0.12, "\(counts)")
        var objectives: Set<CompressorTrainer.Objective> = []
        for _ in 0..<4 {
            let step = try trainer.step(text, questions: questions, tokenizer)
            let losses = step.losses.values
            #expect((losses.min() ?? .nan) - 1e-9 <= step.loss && step.loss <= (losses.max() ?? .nan) + 1e-9)
            objectives.formUnion(step.losses.keys)
        }
        #expect(objectives.count > 1 && !objectives.contains(.distillation))
    }

    /// Only the published scheme, with accumulated vectors, trains with `ContinuationRow`.
    @Test(arguments: CompressionScheme.Carry.allCases)
    func onlyThePublishedSchemeUsesContinuationRows(_ carry: CompressionScheme.Carry) throws {
        let trainer = try CompressorTrainer(
            decoder: fixture.decoder, recipe: recipe(CompressionScheme(carry: carry)), seed: 2)
        let text = try TrainingText([Sample.text("river"), Sample.text("mill")])
        var generator = SplitMix64(seed: 4)
        let passes = try trainer.draw(2, from: text, nil, try fixture.model.tokenizer, &generator)
        #expect(!passes.isEmpty)
        for pass in passes {
            #expect((pass is ContinuationRow) == (carry == .accumulated))
        }
    }

    /// With a requested ratio, vectors are scaled as in training with sampled ratios.
    @Test func ratiosAreScaledAsInTraining() throws {
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        (options.dtype, options.compressor, options.segmentTokens, options.ratio) = (.float32, .attended, 1536, 15)
        let compressor = try LoadedModel.load(options).compressor
        let (used, reading) = (compressor.scheme, compressor.vectorReading)
        #expect(used.summaryTokens == 103 && used.vectors(of: 1536) == 103)
        let trained = Compressor.attendedScheme
        #expect(trained.summaryTokens == 50 && reading.unscaledVectorLimit == 50)
        for count in [1, 50, 103, 400] {
            #expect(reading.logWeight(of: count) == trained.reading().logWeight(of: count))
        }
        #expect(used != trained && reading.logWeight(of: 103) < 0)
    }

    @Test func recipesBeyondTheWindowAreRefused() throws {
        var recipe = recipe(CompressionScheme(carry: .independent, method: .summary(SummaryVectors(.picked))))
        let window = fixture.decoder.configuration.maximumPositions
        func refusal() -> String? {
            message { _ = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 1) }
        }
        #expect(refusal() == nil)
        recipe.distillation = 1
        recipe.segmentsPerSubstep = window / 64 + 1
        #expect(refusal()?.contains("distillation") == true && refusal()?.contains("holds \(window)") == true)
        recipe.distillation = 0
        #expect(refusal() == nil)
        recipe.readingTokens = window
        #expect(refusal()?.contains("readingTokens after the vectors") == true)
        recipe.readingTokens = 24
        recipe.segmentTokens = window
        #expect(refusal()?.contains("a segment of segmentTokens") == true)
    }

    /// - Parameter sentences: number of sentences in each document
    private func questions(sentences: Int = 1) throws -> TrainingQuestions {
        let tokenizer = try fixture.model.tokenizer
        return try TrainingQuestions(
            [
                QuestionSet(
                    documents: ["river", "mill"].map { name in
                        QuestionDocument(
                            id: name, title: name,
                            document: Array(
                                repeating: "The \(name) rose in spring and took the road.", count: sentences
                            ).joined(separator: " "),
                            questions: [
                                Question(id: name, text: "What did the \(name) take?", answers: ["The road."])
                            ])
                    })
            ], maximumTokens: 512, tokenizer: tokenizer,
            prompts: PromptBuilder(template: nil, tokenizer: tokenizer))
    }

    /// Training lowers the loss of answers after their documents' vectors.
    @Test func answersAreLearned() throws {
        var recipe = recipe(
            CompressionScheme(
                carry: .independent, method: .attended(AttendedKeysAndValues(adapterScope: .compressing))))
        (recipe.continuation, recipe.answering, recipe.batchRows, recipe.steps) = (0, 1, 2, 30)
        let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2)
        let text = try TrainingText([Sample.text("river", paragraphs: 2)])
        let tokenizer = try fixture.model.tokenizer
        let losses = try (0..<25).map { _ in
            try trainer.step(text, questions: questions(), tokenizer).loss
        }
        let (before, after) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
        #expect(after < 0.9 * before, "\(before / 5) to \(after / 5)")
        let (ids, prompts) = (
            tokenizer.encode("The mill rose in spring and took the road.", special: .asText),
            PromptBuilder(template: nil, tokenizer: tokenizer)
        )
        let (prompt, answer) = (
            try prompts.prompt(question: "What did the mill take?"), try prompts.answer("The road.")
        )
        let row = CompressorTrainer.CompressedRow(
            segments: [ids], vectorCounts: [try recipe.scheme.vectors(of: ids.count)],
            sequences: [.init(ids: prompt + answer, start: prompt.count)], objective: .answering)
        recipe.steps = 1
        let fresh = { try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2) }
        let sum = try fresh().backward(row, scale: 1)
        #expect(row.sequences[0].ids.count - row.sequences[0].start == answer.count && sum > 0)
        // Answers that share vectors have the sum of their single losses and gradients.
        let (other, brief) = (
            try prompts.prompt(question: "When did it rise?"), try prompts.answer("In spring, it is said.")
        )
        let reader = try fixture.adapter()
        func gradients(_ rows: [CompressorTrainer.CompressedRow]) throws -> (Double, [Tensor]) {
            let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2, reader: reader)
            for (parameter, value) in zip(trainer.adapter.parameters, reader.parameters) {
                try parameter.copy(from: value)
            }
            let sum = try rows.reduce(0) { try $0 + trainer.backward($1, scale: 1) }
            return (sum, try trainer.adapter.parameters.map { try $0.gradient ?? .zeros($0.shape) })
        }
        var both = row
        both.sequences.append(.init(ids: other + brief, start: other.count))
        var second = row
        second.sequences = [both.sequences[1]]
        let (together, apart) = (try gradients([both]), try gradients([row, second]))
        #expect(relativeError(together.0, apart.0) < 1e-5)
        for (one, other) in zip(together.1, apart.1) {
            // The last layer's queries get no gradient: they select positions and are not part of the vectors.
            #expect(try (one - other).norm().item() <= 1e-3 * other.norm().item())
        }
        // The reader adapter is active in answers only.
        #expect(try relativeError(gradients([row]).0, fresh().backward(row, scale: 1)) > 1e-3)
        second.objective = .continuation
        let plain = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2)
        let read = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2, reader: reader)
        #expect(try plain.backward(second, scale: 1) == read.backward(second, scale: 1))
        #expect(throws: TrainingError.self) { _ = try fresh().step(text, tokenizer) }
        #expect(throws: TrainingError.self) {
            _ = try TrainingQuestions(
                [QuestionSet(documents: [])], maximumTokens: 9, tokenizer: tokenizer, prompts: prompts)
        }
    }

    private func readerRecipe() -> CompressorRecipe {
        var recipe = recipe(
            CompressionScheme(
                carry: .independent, method: .attended(AttendedKeysAndValues(adapterScope: .compressing))))
        (recipe.continuation, recipe.answering, recipe.batchRows, recipe.steps) = (0, 1, 3, 20)
        (recipe.readerRank, recipe.readerAlpha, recipe.readerDropout, recipe.readerLearningRate) = (4, 8, 0, 1e-2)
        (recipe.minimumRatio, recipe.maximumRatio) = (2, 4)
        (recipe.hybridShare, recipe.foreignShare) = (0.5, 0.5)
        return recipe
    }

    /// A reader adapter is trained with vectors, mixtures and distractors. A resumed run matches an uninterrupted one,
    /// and saves an adapter for its compressor's vectors.
    @Test func aReaderIsTrained() throws {
        let recipe = readerRecipe()
        let folder = try TemporaryFolder()
        let source = CompressorTrainer.Source(baseModel: "base", texts: "t")
        let text = try TrainingText([Sample.text("river")])
        let tokenizer = try fixture.model.tokenizer
        let questions = try questions(sentences: 16)
        func trainer() throws -> CompressorTrainer {
            try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3)
        }
        var generator = SplitMix64(seed: 1)
        var kinds: Set<String> = []
        // Lengths of prompts.
        var (plain, mixed): (Set<Int>, Set<Int>) = ([], [])
        for _ in 0..<60 {
            for case let pass as CompressorTrainer.CompressedRows in try trainer().draw(
                1, from: text, questions, tokenizer, &generator)
            {
                let row = pass.rows[0]
                let kept = row.sequences[0].rows.map { $0.reduce(0) { $0 + $1.count } }
                kinds.insert(kept == nil ? "vectors" : "mixture")
                for sequence in row.sequences {
                    if sequence.rows == nil { plain.insert(sequence.start) } else { mixed.insert(sequence.start) }
                }
                if let distractor = row.distractor {
                    kinds.insert(distractor.isFirst ? "another first" : "another last")
                    #expect(distractor.segments != row.segments)
                }
                let made = row.vectorCounts.reduce(0, +)
                #expect((kept ?? 0) <= made)
            }
        }
        #expect(kinds == ["vectors", "mixture", "another first", "another last"])
        #expect((mixed.max() ?? 0) > (plain.max() ?? 0) + 8, "pieces of text stand before the question")
        let whole = try trainer()
        let losses = try (0..<20).map { _ in try whole.step(text, questions: questions, tokenizer).loss }
        let (before, after) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
        #expect(after < 0.8 * before, "\(losses)")
        let first = try trainer()
        for _ in 0..<3 { _ = try first.step(text, questions: questions, tokenizer) }
        try first.save(to: folder.url, source: source, trainedTokens: 1)
        let second = try trainer()
        _ = try second.resume(from: folder.url, source: source)
        #expect(
            try (3..<8).map { _ in try second.step(text, questions: questions, tokenizer).loss }
                == Array(losses[3..<8]))
        let place = folder.url.appending(path: CompressorTrainer.readerName)
        let saved = try GeneralAdapter(folder: place, fixture.decoder)
        #expect(saved.ranks == [4] && saved.alpha == 8)
        let identity = try CompressorCheckpoint.identity(in: folder.url)
        #expect(
            GeneralAdapter.vectors(readBy: place)
                == VectorIdentity(model: "base", compressor: identity, variant: try recipe.scheme.description))
        // It can be initialized from an adapter of its shape.
        let initial = try #require(whole.reader)
        let initialized = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3, reader: initial)
        for (parameter, value) in zip(try #require(initialized.reader).parameters, initial.parameters) {
            #expect(try parameter.detached().array(of: Float.self) == value.detached().array(of: Float.self))
        }
        var other = recipe
        other.readerAlpha = 4
        #expect(
            message { _ = try CompressorTrainer(decoder: fixture.decoder, recipe: other, seed: 3, reader: initial) }?
                .contains("rank 4 and alpha 4") == true)
    }

    /// Sequences with different selections of the vectors have the sum of their single gradients. A distractor's
    /// vectors change the loss.
    @Test func sequencesWithDifferentSelections() throws {
        let recipe = readerRecipe()
        let ids = fixture.values.document
        let reader = try fixture.adapter()
        func gradients(_ rows: [CompressorTrainer.CompressedRow]) throws -> (Double, [Tensor]) {
            let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2, reader: reader)
            for (parameter, value) in zip(trainer.adapter.parameters, reader.parameters) {
                try parameter.copy(from: value)
            }
            let sum = try rows.reduce(0) { try $0 + trainer.backward($1, scale: 1) }
            let parameters = trainer.adapter.parameters + (trainer.reader?.parameters ?? [])
            return (sum, try parameters.map { try $0.gradient ?? .zeros($0.shape) })
        }
        let sequences: [CompressorTrainer.CompressedRow.PredictedSequence] = [
            .init(ids: Array(ids[40..<50]), start: 6), .init(ids: Array(ids[42..<55]), start: 9, rows: [0..<2, 3..<4]),
            .init(ids: Array(ids[30..<45]), start: 9, rows: []),
            .init(ids: Array(ids[44..<52]), start: 5, rows: [0..<2, 3..<4]),
        ]
        func row(_ sequences: [CompressorTrainer.CompressedRow.PredictedSequence]) -> CompressorTrainer.CompressedRow {
            .init(
                segments: [Array(ids[0..<20]), Array(ids[20..<34])], vectorCounts: [3, 2], sequences: sequences,
                objective: .answering,
                distractor: .init(segments: [Array(ids[5..<17])], vectorCounts: [4], isFirst: false))
        }
        let (together, apart) = (try gradients([row(sequences)]), try gradients(sequences.map { row([$0]) }))
        #expect(relativeError(together.0, apart.0) < 1e-5)
        for (one, other) in zip(together.1, apart.1) {
            #expect(try (one - other).norm().item() <= 1e-3 * other.norm().item() + 1e-7)
        }
        var alone = row(sequences)
        alone.distractor = nil
        var before = row(sequences)
        before.distractor?.isFirst = true
        let sums = try [alone, before].map { try gradients([$0]).0 }
        #expect(sums.allSatisfy { relativeError($0, together.0) > 1e-4 } && relativeError(sums[0], sums[1]) > 1e-4)
    }

    /// One text in twenty is held out, both as a training text and as a document with questions; none of a small
    /// corpus.
    @Test func heldOutTextsAreNotTrainedOn() throws {
        let texts = (0..<200).map { "The mill of year \($0) rose in spring and took the road." }
        #expect(TrainingText.trained(among: Array(texts.prefix(99))) == Array(texts.prefix(99)))
        let trained = TrainingText.trained(among: texts)
        #expect(2...30 ~= texts.count - trained.count)
        #expect(trained == texts.filter { !TrainingText.isHeldOut($0) })
        let tokenizer = try fixture.model.tokenizer
        func questions(_ texts: [String]) throws -> TrainingQuestions {
            let documents = texts.enumerated().map { index, text in
                QuestionDocument(
                    id: "\(index)", title: "\(index)", document: text,
                    questions: [Question(id: "\(index)", text: "What rose?", answers: ["The mill."])])
            }
            return try TrainingQuestions(
                [QuestionSet(documents: documents)], maximumTokens: 128, tokenizer: tokenizer,
                prompts: PromptBuilder(template: nil, tokenizer: tokenizer))
        }
        #expect(try questions(texts).count == trained.count && questions(texts).omitted == 0)
        #expect(try questions(texts).heldOut == texts.count - trained.count)
        #expect(try questions(Array(texts.prefix(99))).count == 99)
    }

    /// With all objectives, a resumed run matches an uninterrupted one.
    @Test(arguments: [CompressionMethod.SummaryInput.picked, .attended])
    func aResumedRunMatchesAnUninterruptedOne(_ input: CompressionMethod.SummaryInput) throws {
        var recipe = recipe(
            CompressionScheme(
                carry: .independent,
                method: try CompressionMethod(
                    form: .keysAndValues, summaryInput: input,
                    adapterScope: input == .picked ? .summaries : .compressing)))
        (recipe.continuation, recipe.distillation, recipe.reconstruction) = (1, 1, 1)
        recipe.answering = 1
        if input == .attended { (recipe.batchRows, recipe.rowsPerPass) = (5, 3) }
        (recipe.minimumRatio, recipe.maximumRatio) = (8, 32)
        let folder = try TemporaryFolder()
        let source = CompressorTrainer.Source(baseModel: "base", texts: "t")
        let text = try TrainingText([Sample.text("river"), Sample.text("mill")])
        let tokenizer = try fixture.model.tokenizer
        let questions = try questions()
        let whole = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3)
        let losses = try (0..<8).map { _ in try whole.step(text, questions: questions, tokenizer).loss }
        #expect(losses.allSatisfy { $0.isFinite })
        let first = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3)
        for _ in 0..<3 { _ = try first.step(text, questions: questions, tokenizer) }
        try first.save(to: folder.url, source: source, trainedTokens: 1)
        let second = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3)
        _ = try second.resume(from: folder.url, source: source)
        #expect(
            try (3..<8).map { _ in try second.step(text, questions: questions, tokenizer).loss }
                == Array(losses[3...]))
        // The saved compressor has the recipe's scheme.
        let checkpoint = try CompressorCheckpoint(folder: folder.url, for: fixture.decoder, identity: "base")
        #expect(try checkpoint.description.scheme == recipe.scheme)
        #expect(
            checkpoint.embedSummary.shape == [input == .picked ? 1 : 0, fixture.decoder.configuration.hiddenSize])
    }

    /// Training on one text lowers its loss, with every form and objective.
    @Test(arguments: VectorForm.allCases, [0, 1, 2])
    func lossesFall(_ form: VectorForm, _ objective: Int) throws {
        var recipe = recipe(
            CompressionScheme(
                carry: .independent,
                method: try CompressionMethod(form: form, summaryInput: .learned, adapterScope: .everywhere)))
        recipe.segmentsPerSubstep = 1
        (recipe.continuation, recipe.distillation, recipe.reconstruction) = (0, 0, 0)
        switch objective {
        case 0: recipe.continuation = 1
        case 1: recipe.distillation = 1
        default: recipe.reconstruction = 1
        }
        recipe.batchRows = 4
        recipe.steps = 40
        let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2)
        let text = try TrainingText([Sample.text("river", paragraphs: 2)])
        let tokenizer = try fixture.model.tokenizer
        let losses = try (0..<30).map { _ in try trainer.step(text, tokenizer).loss }
        let (before, after) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
        #expect(after < 0.98 * before, "\(before / 5) to \(after / 5)")
    }
}
