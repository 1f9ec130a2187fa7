import Foundation
import LLoCO
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch
import LLoCOTraining
import TestSupport
import Testing

/// The ways to compress that are not the published one.
@Suite struct CompressorSchemesTests {
    let fixture: CompressorFixture

    init() throws { fixture = try CompressorFixture() }

    static let schemes: [CompressionScheme] = VectorForm.allCases.flatMap { form in
        CompressionMethod.SummaryInput.allCases.flatMap { input in
            AdapterScope.allCases.compactMap { scope in
                try? CompressionMethod(form: form, summaryInput: input, adapterScope: scope)
            }
        }
    }
    .flatMap { method in
        CompressionScheme.Carry.allCases.map { carry in
            CompressionScheme(segmentTokens: 20, summaryTokens: 3, carry: carry, method: method)
        }
    }

    private func compressor(_ scheme: CompressionScheme) throws -> Compressor {
        try Compressor(
            decoder: fixture.decoder, embedSummary: fixture.embedSummary[0..<scheme.learnedRows],
            adapter: fixture.adapter(), scheme: scheme)
    }

    /// A run taken up from stored vectors goes on as one that never stopped, and a text's end changes nothing before it.
    @Test(arguments: schemes) func runsAreTakenUp(_ scheme: CompressionScheme) throws {
        let compressor = try compressor(scheme)
        let segments = scheme.segments(of: 67).map { Array(fixture.values.document[$0]) }
        var whole = try CompressionRun(compressor, rounding: .bfloat16)
        for segment in segments { _ = try whole.compress(segment) }
        let all = try whole.vectors()
        let expected = try all.rows
        // The last segment has seven tokens.
        let count = scheme.segmentCompressor.summaryInput == .attended ? 11 : 12
        #expect(expected.shape == [count, compressor.vectorSize])
        for done in 0...segments.count {
            var run = try CompressionRun(
                compressor, after: SegmentVectors(rows: expected[0..<min(done * 3, count)].to(.bfloat16)),
                rounding: .bfloat16)
            for segment in segments[done...] { _ = try run.compress(segment) }
            #expect(try relativeError(run.vectors().rows, expected) < 1e-6, "after \(done) segments")
        }
        // What a segment sees of those before it.
        var alone = try CompressionRun(compressor, rounding: .bfloat16)
        let own = try alone.compress(segments[2]).rows
        let isSame = try relativeError(expected[6..<9], own) < 1e-6
        #expect(isSame == (scheme.carry == .independent))
        // Rounding may change the order of attended ones that weigh nearly the same.
        let unrounded = try compressor.compress(fixture.values.document.prefix(67).map { $0 }).rows
        if scheme.segmentCompressor.summaryInput == .attended {
            #expect(try relativeError(unrounded.sum(0), expected.sum(0)) < 0.05)
        } else {
            #expect(try relativeError(unrounded, expected) < 0.05)
        }
    }

    /// Vectors by hand, from passes over the whole of what a segment's summary positions see.
    @Test(arguments: VectorForm.allCases, [CompressionMethod.SummaryInput.learned, .picked])
    func vectorsOfASegment(_ form: VectorForm, _ input: CompressionMethod.SummaryInput) throws {
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 3, carry: .independent,
            method: try CompressionMethod(form: form, summaryInput: input, adapterScope: .everywhere))
        let compressor = try compressor(scheme)
        let decoder = fixture.decoder
        let ids = Array(fixture.values.document.prefix(20))
        let start = form == .keysAndValues ? [fixture.values.eos] : []
        let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
        try withoutGradients {
            _ = start.isEmpty ? nil : try decoder.hiddenStates(decoder.embed(start), cache: cache)
            var summary = compressor.embedSummary
            if input == .picked {
                // -log p of each token, read by the compressor after what its text is read after.
                let text = KeyValueCache(layerCount: decoder.configuration.layerCount)
                _ = start.isEmpty ? nil : try decoder.hiddenStates(decoder.embed(start), cache: text)
                let states = try decoder.hiddenStates(decoder.embed(ids), cache: text, adapters: compressor.adapters)
                let logarithms = try decoder.logits(states[0]).logSoftmax(-1).array(of: Float.self)
                let size = decoder.configuration.vocabularySize
                let surprisal = [0] + (1..<20).map { -logarithms[($0 - 1) * size + ids[$0]] }
                let places = (0..<20).sorted { surprisal[$0] > surprisal[$1] }.prefix(3).sorted()
                summary = try decoder.embed(places.map { ids[$0] })[0] + compressor.embedSummary
            }
            let hidden = try decoder.hiddenStates(
                .concatenated([decoder.embed(ids), summary.unsqueezed(0)], 1), cache: cache,
                adapters: compressor.adapters)[0]
            let expected = try form == .embeddings ? hidden[20..<23] : decoder.keysAndValues(of: cache, last: 3)[0]
            #expect(try relativeError(compressor.compress(ids).rows, expected) < Reference.tolerance)
        }
    }

    /// With the adapter at the summary positions alone, text and vectors are read by the model as it is.
    @Test(arguments: VectorForm.allCases) func theAdapterStaysAtTheSummaries(
        _ form: VectorForm
    ) throws {
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 3, carry: .independent,
            method: try CompressionMethod(form: form, summaryInput: .picked, adapterScope: .summaries))
        let compressor = try compressor(scheme)
        #expect(compressor.readingAdapters.list.isEmpty && compressor.adapters.list.count == 1)
        let ids = Array(fixture.values.document.prefix(20))
        let plain = try Compressor(
            decoder: fixture.decoder, embedSummary: compressor.embedSummary, adapter: nil, scheme: scheme)
        #expect(try relativeError(compressor.compress(ids).rows, plain.compress(ids).rows) > 1e-3)
    }

    @Test func shortSegments() throws {
        for scheme in Self.schemes where scheme.carry == .independent {
            let compressor = try compressor(scheme)
            let count = scheme.segmentCompressor.summaryInput == .attended ? 1 : 3
            #expect(try compressor.compress([7]).rows.shape == [count, compressor.vectorSize])
            #expect(try compressor.compress([7, 9]).values.isAllFinite())
        }
    }

    /// Attended vectors are a segment's own keys and values, as many as the segment's share of a whole one.
    @Test func attendedVectors() throws {
        let decoder = fixture.decoder
        var usual = Compressor.attendedScheme
        usual.segmentTokens = 20
        let compressor = try Compressor.attended(for: decoder, usual)
        #expect(compressor.adapters.list.isEmpty && compressor.scheme.carry == .independent)
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 4, carry: .independent, method: .attended(AttendedKeysAndValues()))
        #expect((1...20).map { scheme.vectors(of: $0) } == (1...20).map { ($0 + 4) / 5 })
        let ids = Array(fixture.values.document.prefix(20))
        let made = try Compressor(
            decoder: decoder, embedSummary: .zeros([0, decoder.configuration.hiddenSize]), adapter: nil, scheme: scheme
        ).compress(ids).rows
        let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
        let (expected, fewer, all) = try withoutGradients {
            _ = try decoder.hiddenStates(decoder.embed([fixture.values.eos]), cache: cache)
            let queries = QueryRecord(decoder)
            _ = try decoder.hiddenStates(decoder.embed(ids), cache: cache, queries: queries)
            return (
                try decoder.attendedKeysAndValues(of: cache, last: 20, queries: queries, kept: 4)[0],
                try decoder.attendedKeysAndValues(of: cache, last: 20, queries: queries, kept: 2)[0],
                try decoder.keysAndValues(of: cache, last: 20)[0]
            )
        }
        #expect(try relativeError(made, expected) < 1e-5)
        #expect(try relativeError(fewer, expected[0..<2]) < 1e-6, "the first are what fewer would be")
        // As many vectors as tokens are the segment, in the order of their weight: what does not depend on it is the same.
        let whole = try compressor.compress(ids).rows
        #expect(try relativeError(whole.sum(0), all.sum(0)) < 1e-4)
        #expect(try relativeError((whole * whole).sum(0), (all * all).sum(0)) < 1e-4)
        #expect(try relativeError(whole, all) > 1e-2)
        #expect(throws: ModelError.self) {
            try CompressionMethod(form: .embeddings, summaryInput: .attended, adapterScope: .everywhere)
        }
    }

    /// A checkpoint of before these ways is read as the published one.
    @Test func schemesAreStored() throws {
        let old = Data(#"{"segmentTokens": 20, "summaryTokens": 3, "carry": "newest"}"#.utf8)
        #expect(
            try JSONDecoder().decode(CompressionScheme.self, from: old)
                == CompressionScheme(segmentTokens: 20, summaryTokens: 3, carry: .newest))
        #expect(Set(Self.schemes.map(\.description)).count == Self.schemes.count)
        for scheme in Self.schemes {
            #expect(try JSONDecoder().decode(CompressionScheme.self, from: JSONEncoder().encode(scheme)) == scheme)
        }
        #expect(Self.schemes[0].description == "accumulated-20-3")
    }

    /// What schemes of all methods have always been called and stored as: vectors are known by it.
    @Test func schemesAreSpelledAsEver() throws {
        let lines = try Data(contentsOf: packageRoot.appending(path: "Fixtures/schemes.tsv"))
        let spelled = String(decoding: lines, as: UTF8.self).split(separator: "\n").map { $0.split(separator: "\t") }
        try #require(spelled.count == 45 && spelled.count == Self.schemes.count)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        for (scheme, fields) in zip(Self.schemes, spelled) {
            #expect(scheme.description == fields[0])
            #expect(String(decoding: try encoder.encode(scheme), as: UTF8.self) == fields[1])
            #expect(try JSONDecoder().decode(CompressionScheme.self, from: Data(fields[1].utf8)) == scheme)
        }
    }

    /// A bias a key and head stays with its vectors.
    @Test func vectorsWithABias() throws {
        let values = try Tensor.randn([2, 5, 4])
        let bias = try Tensor.randn([2, 3, 5])
        let vectors = SegmentVectors(values, bias: bias)
        let joined = try SegmentVectors.concatenated([vectors, vectors.last(2)])
        #expect(joined.count == 7 && joined.bias?.shape == [2, 3, 7])
        #expect(try joined.last(2).bias?.bytes() == bias.narrowed(2, start: 3, length: 2).bytes())
        #expect(try joined.selected([5..<7]).bias?.bytes() == bias.narrowed(2, start: 3, length: 2).bytes())
        #expect(try joined.to(.bfloat16).bias?.dtype == .float32)
        let plain = try SegmentVectors(rows: values[0])
        #expect(try SegmentVectors.concatenated([plain, plain]).bias == nil)
    }

    /// Three spelled fields are a method each in its own type, or none.
    @Test func combinationsThatAreNoMethod() throws {
        #expect(Self.schemes[0].method == .autoCompressor)
        #expect(SummaryVectors(embeddings: .learned, adapterScope: .everywhere) == nil)
        for scope in AdapterScope.allCases {
            let stored =
                #"{"segmentTokens": 20, "summaryTokens": 3, "carry": "newest", "summaryInput": "attended", "#
                + #""adapterScope": "\#(scope.rawValue)"}"#
            let line = message { _ = try JSONDecoder().decode(CompressionScheme.self, from: Data(stored.utf8)) }
            #expect(line?.contains("summaryInput attended needs the form keys-and-values") == true)
            var recipe = CompressorRecipe()
            (recipe.summaryInput, recipe.adapterScope) = (.attended, scope)
            #expect(
                message { _ = try recipe.scheme } == "compressor: summaryInput attended needs the form keys-and-values")
        }
    }
}

extension SeededTests {
    /// Training in every way.
    @Suite struct CompressorObjectivesTests {
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

        /// The gradients of every way and objective are what small steps change the loss by.
        @Test(arguments: CompressorSchemesTests.schemes, [false, true])
        func gradientsAreFiniteDifferences(_ scheme: CompressionScheme, _ isDistilled: Bool) throws {
            let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe(scheme), seed: 1)
            let start = try fixture.adapter()
            for (own, given) in zip(trainer.adapter.parameters, start.parameters) { try own.copy(from: given) }
            let ids = fixture.values.document
            var row = CompressorTrainer.MemoryRow(
                segments: [Array(ids[0..<20]), Array(ids[20..<34])], vectorCounts: [3, 2],
                readings: [.init(ids: Array(ids[34..<50]), start: 2)],
                objective: isDistilled ? .distillation : .continuation)
            if scheme.segmentCompressor.adapterScope == .summaries, scheme.segmentCompressor.summaryInput == .attended {
                return
            }
            if scheme.segmentCompressor.adapterScope == .summaries, scheme.carry != .independent {
                // What the model as it is sees of earlier vectors is taken as given.
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
            // Attended vectors jump where another position is chosen: steps stay where the choice does.
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
            // Richardson's extrapolation: the model is far from linear.
            let expected = try (4 * slope(0.02 * scale) - slope(0.04 * scale)) / 3
            #expect(abs(found - expected) < 0.03 * max(0.1, abs(expected)), "\(found), \(expected)")
        }

        /// Rows of one shape that are computed together have the losses and gradients of each alone.
        @Test(arguments: CompressorSchemesTests.schemes, [GradientCheckpointing.never, .always])
        func rowsTogether(_ scheme: CompressionScheme, _ checkpointing: GradientCheckpointing) throws {
            let isDistilled = scheme.carry != .newest
            let ids = fixture.values.document
            func row(_ start: Int) -> CompressorTrainer.MemoryRow {
                let ids = Array(ids[start..<start + 50])
                return .init(
                    segments: [Array(ids[0..<20]), Array(ids[20..<34])], vectorCounts: [3, 2],
                    readings: [.init(ids: Array(ids[34..<50]), start: 2)],
                    objective: isDistilled ? .distillation : .continuation)
            }
            let start = try fixture.adapter()
            func gradients(_ passes: [[CompressorTrainer.MemoryRow]]) throws -> (Double, [Tensor]) {
                let trainer = try CompressorTrainer(
                    decoder: fixture.decoder, recipe: recipe(scheme), seed: 1, checkpointing: checkpointing)
                for (own, given) in zip(trainer.adapter.parameters, start.parameters) { try own.copy(from: given) }
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
            var asked = second
            asked.objective = .answering
            #expect(throws: TrainingError.self) { try gradients([[first, asked]]) }
            #expect(throws: TrainingError.self) { try gradients([[]]) }
        }

        /// A step has as many rows, in however few passes: those of a pass have one shape, shorter ones a pass of their own,
        /// and every objective has its share.
        @Test func passesOfAStep() throws {
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
                let passes = trainer.draw(3, from: text, questions, tokenizer, &generator)
                #expect(passes.reduce(0) { $0 + $1.rowCount } == 3)
                for case let pass as CompressorTrainer.MemoryRows in passes {
                    let rows = pass.rows
                    sizes.insert(rows.count)
                    counts[rows[0].objective, default: 0] += rows.count
                    #expect(rows.allSatisfy { $0.shape == rows[0].shape && $0.objective == rows[0].objective })
                    #expect(rows.count == 1 || rows[0].readings.count == 1)
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

        /// What a scheme carries from segment to segment is what it is trained with, in the published form too.
        @Test(arguments: CompressionScheme.Carry.allCases)
        func rowsOfThePublishedForm(_ carry: CompressionScheme.Carry) throws {
            let trainer = try CompressorTrainer(
                decoder: fixture.decoder, recipe: recipe(CompressionScheme(carry: carry)), seed: 2)
            let text = try TrainingText([Sample.text("river"), Sample.text("mill")])
            var generator = SplitMix64(seed: 4)
            let passes = trainer.draw(2, from: text, nil, try fixture.model.tokenizer, &generator)
            #expect(!passes.isEmpty)
            for pass in passes {
                #expect((pass is ContinuationRow) == (carry == .accumulated))
            }
        }

        /// A ratio that is asked for has its vectors weighed as they were where ratios were drawn in training.
        @Test func ratiosAreWeighedAsInTraining() throws {
            var options = LoadedModel.Options(model: Reference.autocompressor)
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

        @Test func beyondTheWindow() throws {
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

        private func questions() throws -> TrainingQuestions {
            let tokenizer = try fixture.model.tokenizer
            return try TrainingQuestions(
                [
                    QuestionSet(
                        documents: ["river", "mill"].map { name in
                            QuestionDocument(
                                id: name, title: name, document: "The \(name) rose in spring and took the road.",
                                questions: [
                                    Question(id: name, text: "What did the \(name) take?", answers: ["The road."])
                                ])
                        })
                ], maximumTokens: 128, tokenizer: tokenizer,
                prompts: PromptBuilder(template: nil, tokenizer: tokenizer))
        }

        /// What is learned of a question is its answer, after its document's vectors.
        @Test func questionsAreLearned() throws {
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
            let row = CompressorTrainer.MemoryRow(
                segments: [ids], vectorCounts: [try recipe.scheme.vectors(of: ids.count)],
                readings: [.init(ids: prompt + answer, start: prompt.count)], objective: .answering)
            recipe.steps = 1
            let fresh = { try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2) }
            let sum = try fresh().backward(row, scale: 1)
            #expect(row.readings[0].ids.count - row.readings[0].start == answer.count && sum > 0)
            // Several answers share the vectors: their losses and gradients are those of each alone, together.
            let (other, brief) = (
                try prompts.prompt(question: "When did it rise?"), try prompts.answer("In spring, it is said.")
            )
            let reader = try fixture.adapter()
            func gradients(_ rows: [CompressorTrainer.MemoryRow]) throws -> (Double, [Tensor]) {
                let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 2, reader: reader)
                for (own, given) in zip(trainer.adapter.parameters, reader.parameters) { try own.copy(from: given) }
                let sum = try rows.reduce(0) { try $0 + trainer.backward($1, scale: 1) }
                return (sum, try trainer.adapter.parameters.map { try $0.gradient ?? .zeros($0.shape) })
            }
            var both = row
            both.readings.append(.init(ids: other + brief, start: other.count))
            var second = row
            second.readings = [both.readings[1]]
            let (together, apart) = (try gradients([both]), try gradients([row, second]))
            #expect(relativeError(together.0, apart.0) < 1e-5)
            for (one, other) in zip(together.1, apart.1) {
                // Nothing flows to the last layer's queries, which choose and are not kept.
                #expect(try (one - other).norm().item() <= 1e-3 * other.norm().item())
            }
            // The reader takes part, in answers alone.
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

        /// Of a corpus one text in twenty is kept for the measure, as a text and as a document that is asked about; of a few
        /// none.
        @Test func whatIsKeptForTheMeasure() throws {
            let texts = (0..<200).map { "The mill of year \($0) rose in spring and took the road." }
            #expect(TrainingText.trained(among: Array(texts.prefix(99))) == Array(texts.prefix(99)))
            let trained = TrainingText.trained(among: texts)
            #expect(2...30 ~= texts.count - trained.count)
            #expect(trained == texts.filter { !TrainingText.isHeldOut($0) })
            let tokenizer = try fixture.model.tokenizer
            func asked(_ texts: [String]) throws -> TrainingQuestions {
                let documents = texts.enumerated().map { index, text in
                    QuestionDocument(
                        id: "\(index)", title: "\(index)", document: text,
                        questions: [Question(id: "\(index)", text: "What rose?", answers: ["The mill."])])
                }
                return try TrainingQuestions(
                    [QuestionSet(documents: documents)], maximumTokens: 128, tokenizer: tokenizer,
                    prompts: PromptBuilder(template: nil, tokenizer: tokenizer))
            }
            #expect(try asked(texts).count == trained.count && asked(texts).omitted == 0)
            #expect(try asked(texts).heldOut == texts.count - trained.count)
            #expect(try asked(Array(texts.prefix(99))).count == 99)
        }

        /// Every objective is drawn, learned from, and goes on after an interruption as if there had been none.
        @Test(arguments: [CompressionMethod.SummaryInput.picked, .attended])
        func aContinuedRunIsTheUninterruptedOne(_ input: CompressionMethod.SummaryInput) throws {
            var recipe = recipe(
                CompressionScheme(
                    carry: .independent,
                    method: try CompressionMethod(
                        form: .keysAndValues, summaryInput: input,
                        adapterScope: input == .picked ? .summaries : .compressing)))
            (recipe.continuation, recipe.distillation, recipe.reconstruction) = (1, 1, 1)
            recipe.answering = 1
            if input == .attended { (recipe.batchRows, recipe.rowsPerPass) = (5, 3) }
            (recipe.leastRatio, recipe.mostRatio) = (8, 32)
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
            // What was saved is a compressor of that way.
            let checkpoint = try CompressorCheckpoint(folder: folder.url, for: fixture.decoder, identity: "base")
            #expect(try checkpoint.description.scheme == recipe.scheme)
            #expect(
                checkpoint.embedSummary.shape == [input == .picked ? 1 : 0, fixture.decoder.configuration.hiddenSize])
        }

        /// Steps on one text bring its loss down, in every form and objective.
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

    /// A library whose vectors are keys and values: added to, asked, learned from.
    @Suite struct KeysAndValuesEngineTests {
        let engine: LoadedModel
        let compressor: Compressor

        init() throws {
            let fixture = try CompressorFixture()
            let scheme = CompressionScheme(
                segmentTokens: 20, summaryTokens: 3, carry: .accumulated,
                method: .summary(SummaryVectors(.picked, adapterScope: .summaries)))
            compressor = try Compressor(
                decoder: fixture.decoder, embedSummary: fixture.embedSummary[0..<1], adapter: fixture.adapter(),
                scheme: scheme)
            engine = LoadedModel(
                model: fixture.model, modelIdentity: "model", compressor: (compressor, "compressor"),
                embedder: try LoadedModel.tiny().embedder, template: .plain)
        }

        @Test func answersAndLearns() async throws {
            let library = try SQLiteLibrary.inMemory()
            let text = Sample.text("river", paragraphs: 1)
            let added = try await engine.add(text: text, path: "/river.txt", group: "g", to: library)
            #expect(added.vectors > 0)
            let stored = try await library.storedVectors(of: added.document.id, identity: engine.vectorIdentity)
            #expect(try stored.rows.shape == [added.vectors, compressor.decoder.keyValueSize])

            let answerer = Answerer(engine: engine, library: library)
            var options = Answerer.Options()
            options.documents = ["river.txt"]
            options.generation.maximumTokens = 5
            let answer = try await answerer.answer("What is item 3?", options)
            let prompt = try engine.prompts.prompt(question: "What is item 3?")
            let context = try withoutGradients {
                try compressor.context(stored.to(.float32), adapters: compressor.readingAdapters)
            }
            let expected = try engine.model.generate(
                compressor.decoder.embed(prompt), cache: context, options: options.generation)
            #expect(answer.answer == expected.text.trimmingCharacters(in: .whitespacesAndNewlines))
            #expect(answer.contextTokens == added.vectors && answer.promptTokens == added.vectors + prompt.count)
            let likelihoods = try await answerer.logLikelihoods(of: ["The river", "A"], "What is item 3?", options)
            #expect(likelihoods.allSatisfy { $0 < 0 && $0.isFinite } && likelihoods[0] != likelihoods[1])

            let questions = QuestionSet.river(4)
            var recipe = FinetuningRecipe()
            (recipe.rank, recipe.learningRate, recipe.batchSize, recipe.epochs) = (4, 1e-2, 2, 6)
            var losses: [Double] = []
            _ = try await engine.finetune(group: "g", questions: questions, recipe: recipe, seed: 1, in: library) {
                losses.append($0.loss)
                _ = ($1, $2)
            }
            #expect(losses.count == 12 && losses[10] + losses[11] < 0.9 * (losses[0] + losses[1]))
            let learned = try await answerer.logLikelihoods(of: ["The river 3."], "What is item 3?", options)[0]
            options.usesAdapter = false
            #expect(try await learned > answerer.logLikelihoods(of: ["The river 3."], "What is item 3?", options)[0])
        }

        /// A bias a key and head is stored with its vectors, and counts where they are read.
        @Test func aBiasCounts() async throws {
            let library = try SQLiteLibrary.inMemory()
            let text = Sample.text("river", paragraphs: 1)
            let document = try await engine.add(text: text, path: "/river.txt", group: "g", to: library).document.id
            let identity = engine.vectorIdentity
            var options = Answerer.Options()
            options.documents = ["river.txt"]
            func likelihood() async throws -> Double {
                let answerer = Answerer(engine: engine, library: library)
                return try await answerer.logLikelihoods(of: ["The river"], "What is item 3?", options)[0]
            }
            let plain = try await library.storedVectors(of: document, identity: identity)
            let plainLikelihood = try await likelihood()
            let decoder = compressor.decoder
            let (layers, heads) = (decoder.configuration.layerCount, decoder.configuration.keyValueHeadCount)
            try Runtime.seed(3)
            let bias = try Tensor.randn([layers * heads, plain.count])
            var start = 0
            let segments = try library.segments(of: document, identity: identity).map { segment in
                defer { start += segment.vectorCount }
                let own = try SegmentVectors(rows: plain.rows, bias: bias)
                    .selected([start..<start + segment.vectorCount])
                return NewSegment(
                    tokens: segment.tokens, bytes: segment.bytes, tokenDigest: segment.tokenDigest,
                    vectorCount: segment.vectorCount, dimension: segment.dimension,
                    vectors: Data(try own.values.bytes()), bias: Data(try #require(own.bias).bytes()))
            }
            try library.replaceSegments(of: document, identity: identity, from: 0, with: segments)
            try library.markComplete(document, identity: identity)
            let stored = try await library.storedVectors(of: document, identity: identity)
            #expect(try stored.values.bytes() == plain.values.bytes())
            #expect(try #require(stored.bias)[0].bytes() == bias.bytes())
            try withoutGradients {
                let cache = try decoder.emptyContext(.keysAndValues)
                try decoder.append(
                    stored.values, to: cache, bias: bias.reshaped([1, layers, heads, plain.count]))
                let prompt = try decoder.embed(engine.prompts.prompt(question: "What is item 3?"))
                let expected = try decoder.hiddenStates(prompt, cache: cache)
                func read(_ vectors: SegmentVectors) throws -> Tensor {
                    try decoder.hiddenStates(
                        prompt, cache: compressor.context(vectors.to(.float32), adapters: .none))
                }
                #expect(try read(stored).bytes() == expected.bytes())
                #expect(try relativeError(read(plain), expected) > 1e-3)
            }
            #expect(abs(try await likelihood() - plainLikelihood) > 1e-4)
        }
    }

    /// A model without a compressor, as most are used: vectors are a text's own keys and values.
    @Suite struct AttendedEngineTests {
        let engine: LoadedModel
        let library: SQLiteLibrary
        let added: AddedDocument
        var decoder: Llama { engine.model.decoder }

        init() async throws {
            let fixture = try CompressorFixture()
            let scheme = CompressionScheme(
                segmentTokens: 20, summaryTokens: 3, carry: .independent, method: .attended(AttendedKeysAndValues()))
            engine = LoadedModel(
                model: fixture.model, modelIdentity: "model",
                compressor: (try .attended(for: fixture.decoder, scheme), Compressor.attendedIdentity),
                embedder: try LoadedModel.tiny().embedder, template: .plain)
            library = try SQLiteLibrary.inMemory()
            added = try await engine.add(
                text: Sample.text("river", paragraphs: 1), path: "/river.txt", group: "g", to: library)
        }

        private func options(_ mode: AnswerMode = .compressed, budget: Int? = nil) -> Answerer.Options {
            var options = Answerer.Options()
            options.documents = ["river.txt"]
            options.mode = mode
            options.budget = budget.map { .positions($0) }
            options.generation.maximumTokens = 5
            return options
        }

        /// Together they are attended to as one segment's are, in the pass that reads the question and in every step.
        @Test func manySegmentsWeighAsOne() async throws {
            let reading = engine.compressor.vectorReading
            #expect(reading.logWeight(of: 3) == 0 && reading.logWeight(of: 1) == 0 && reading.logWeight(of: 0) == 0)
            #expect(abs(reading.logWeight(of: 12) + log(4)) < 1e-12)
            #expect(
                CompressionScheme().reading().logWeight(of: 500) == 0, "only those that drew attention in their text")
            let stored = try await library.storedVectors(of: added.document.id, identity: engine.vectorIdentity)
            let vectors = try stored.to(.float32)
            #expect(added.vectors > 9)
            let prompt = try decoder.embed(engine.prompts.prompt(question: "What is item 3?"))
            func context(_ logWeight: Double) throws -> KeyValueCache {
                let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
                _ = try decoder.hiddenStates(
                    decoder.embed([decoder.configuration.eosTokenIDs.first ?? 0]), cache: cache)
                try decoder.append(stored.values, to: cache, logWeight: logWeight)
                return cache
            }
            try withoutGradients {
                let weighed = try decoder.hiddenStates(prompt, cache: context(reading.logWeight(of: added.vectors)))
                let found = try decoder.hiddenStates(
                    prompt, cache: engine.compressor.context(vectors, adapters: .none))
                #expect(try relativeError(found, weighed) < 1e-6)
                #expect(try relativeError(found, decoder.hiddenStates(prompt, cache: context(0))) > 1e-3)
            }
            // Steps one by one, and the same positions in one pass.
            let answer = try engine.model.generate(
                prompt, cache: engine.compressor.context(vectors, adapters: .none),
                options: options().generation)
            var ids: [Int] = []
            for _ in 0..<answer.ids.count {
                let hidden = try withoutGradients {
                    try decoder.hiddenStates(
                        ids.isEmpty ? prompt : .concatenated([prompt, decoder.embed(ids)], 1),
                        cache: engine.compressor.context(vectors, adapters: .none), last: 1)
                }
                ids.append(try #require(try decoder.logits(hidden[0])[0].to(.float32).indexOfGreatest()))
            }
            #expect(ids == answer.ids)
        }

        @Test func mixturesAnswerAndTeach() async throws {
            let answerer = Answerer(engine: engine, library: library)
            for budget in [1, 5, 60] {
                let answer = try await answerer.answer("What is item 3?", options(.hybrid, budget: budget))
                #expect(1...budget ~= answer.contextTokens)
            }
            let questions = QuestionSet.river(4)
            var recipe = FinetuningRecipe()
            (recipe.rank, recipe.learningRate, recipe.batchSize, recipe.epochs) = (4, 1e-2, 2, 6)
            (recipe.hybridShare, recipe.leastRatio, recipe.mostRatio) = (0.5, 2, 8)
            recipe.tunesVectors = true
            var losses: [Double] = []
            let adapter = try await engine.finetune(
                group: "g", questions: questions, recipe: recipe, seed: 1, in: library
            ) { step, _, _ in losses.append(step.loss) }
            #expect(losses.count == 12 && losses[10] + losses[11] < 0.9 * (losses[0] + losses[1]))
            #expect(try library.tunedVectors(of: added.document.id, with: adapter.record) != nil)
            func likelihood(_ mode: AnswerMode, tuned: Bool) async throws -> Double {
                let answerer = Answerer(engine: engine, library: library)
                if !tuned { try answerer.setAdapter(Adapter(adapter.checkpoint, for: decoder), for: "g") }
                return try await answerer.logLikelihoods(
                    of: ["The river 3."], "What is item 3?", options(mode, budget: mode == .hybrid ? 20 : nil))[0]
            }
            for mode in [AnswerMode.compressed, .hybrid] {
                let (own, others) = try await (likelihood(mode, tuned: true), likelihood(mode, tuned: false))
                #expect(abs(own - others) > 1e-4, "\(mode)")
            }
        }
    }
}
