import Foundation
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTorch
import LLoCOTraining
import Testing

/// Compares fine-tuning with a public implementation: loss, every gradient, ten optimizer steps.
@Suite(.seeded) struct FinetunerTests {
    let fixture: CompressorFixture

    init() throws { fixture = try CompressorFixture() }

    private func example(_ index: Int = 0, document: Int = 0) -> FinetuningExample {
        let example = fixture.values.batch.examples[index]
        return FinetuningExample(
            document: document, prompt: example.question, answer: example.answer + [fixture.values.eos])
    }

    /// The reference's settings: no dropout, no schedule.
    private func recipe(epochs: Int = 10) -> FinetuningRecipe {
        var recipe = FinetuningRecipe()
        recipe.learningRate = fixture.values.adamw.lr
        recipe.clipNorm = fixture.values.adamw.clipNorm
        recipe.dropout = 0
        recipe.warmupShare = 0
        recipe.decay = .constant
        recipe.epochs = epochs
        return recipe
    }

    private func finetuner(
        _ examples: [FinetuningExample], recipe: FinetuningRecipe? = nil, documents: [Tensor]? = nil,
        adapter: Adapter? = nil, seed: UInt64 = 0, checkpointing: GradientCheckpointing = .automatic
    ) throws -> Finetuner {
        try Finetuner(
            decoder: fixture.decoder, adapter: adapter, recipe: recipe ?? self.recipe(),
            documents: (documents ?? [fixture.vectors()]).map { try SegmentVectors(rows: $0) }, examples: examples,
            seed: seed,
            checkpointing: checkpointing)
    }

    @Test(arguments: [GradientCheckpointing.never, .always])
    func lossAndGradientsMatchTheReference(checkpointing: GradientCheckpointing) throws {
        let adapter = try fixture.adapter()
        let example = FinetuningExample(
            document: 0, prompt: fixture.values.question, answer: fixture.values.answer + [fixture.values.eos])
        let finetuner = try finetuner([example], adapter: adapter, checkpointing: checkpointing)
        let count = Double(example.answer.count)
        let sum = try finetuner.backward(
            [example], about: SegmentVectors(rows: fixture.vectors()), scale: 1 / count)
        #expect(relativeError(sum / count, fixture.values.answerLoss) < referenceTolerance)
        for (parameter, name) in zip(adapter.parameters, CompressorFixture.names(of: adapter)) {
            let gradient = try #require(try parameter.gradient)
            let expected = try fixture.tensors.tensor("grad.\(name)", as: .float32)
            #expect(try relativeError(gradient, expected) < referenceTolerance, "\(name)")
        }
    }

    @Test func tenStepsMatchTheReference() throws {
        let adapter = try fixture.adapter()
        let finetuner = try finetuner([example()], adapter: adapter)
        let reference = fixture.values.adamw
        #expect(finetuner.totalSteps == reference.losses.count)
        for (index, loss) in reference.losses.enumerated() {
            let step = try finetuner.step()
            #expect(step.step == index + 1)
            #expect(relativeError(step.loss, loss) < 1e-3, "step \(index + 1)")
            #expect(relativeError(step.gradientNorm, reference.gradientNorms[index]) < 1e-2, "step \(index + 1)")
            #expect(step.tokens == 12 + example().prompt.count + example().answer.count)
        }
        for (parameter, name) in zip(adapter.parameters, CompressorFixture.names(of: adapter)) {
            let expected = try fixture.tensors.tensor("trained.\(name)", as: .float32)
            #expect(try relativeError(parameter, expected) < 1e-3, "\(name)")
        }
    }

    /// Examples about one document share its keys and values, and their gradients.
    @Test func aBatchIsTheSumOfItsExamples() throws {
        let examples = fixture.values.batch.examples.indices.map { example($0) }
        let labels = Double(examples.reduce(0) { $0 + $1.answer.count })
        func gradients(_ body: (Finetuner) throws -> Double) throws -> (Double, [Tensor]) {
            let adapter = try fixture.adapter()
            let sum = try body(finetuner(examples, adapter: adapter))
            return (sum, try adapter.parameters.map { try #require(try $0.gradient) })
        }
        let together = try gradients {
            try $0.backward(examples, about: SegmentVectors(rows: fixture.vectors()), scale: 1 / labels)
        }
        let apart = try gradients { finetuner in
            try examples.reduce(0) {
                try $0 + finetuner.backward([$1], about: SegmentVectors(rows: fixture.vectors()), scale: 1 / labels)
            }
        }
        #expect(relativeError(together.0 / labels, fixture.values.batch.lossMeanOfTokens) < referenceTolerance)
        #expect(relativeError(together.0, apart.0) < referenceTolerance)
        for (one, other) in zip(together.1, apart.1) {
            #expect(try relativeError(one, other) < referenceTolerance)
        }
        for (index, reference) in fixture.values.batch.examples.enumerated() {
            let alone = try gradients {
                try $0.backward([examples[index]], about: SegmentVectors(rows: fixture.vectors()), scale: 1)
            }
            #expect(
                relativeError(alone.0 / Double(examples[index].answer.count), reference.loss) < referenceTolerance)
        }
        // A step reports the mean over its batch's tokens.
        var recipe = recipe(epochs: 1)
        recipe.batchSize = examples.count
        recipe.documentsPerBatch = 1
        let step = try finetuner(examples, recipe: recipe, adapter: fixture.adapter()).step()
        #expect(relativeError(step.loss, fixture.values.batch.lossMeanOfTokens) < referenceTolerance)
    }

    /// The loss with a teacher's probabilities equals the explicit sum. With all probability on the answer it equals
    /// the loss without a teacher.
    @Test func lossWithATeacher() throws {
        let vocabulary = fixture.decoder.configuration.vocabularySize
        func taught(_ index: Int, width: Int, share: Float) -> FinetuningExample {
            let plain = example(index)
            let rows = plain.answer.map { token in (0..<width).map { Int32((token + 7 * $0) % vocabulary) } }
            let shares = [share] + (1..<width).map { _ in (1 - share) / Float(width - 1) }
            return FinetuningExample(
                document: 0, prompt: plain.prompt, answer: plain.answer,
                targets: TeacherTargets(
                    answer: plain.answer, width: width, tokens: rows.flatMap { $0 },
                    shares: rows.flatMap { _ in shares }))
        }
        func gradients(_ examples: [FinetuningExample]) throws -> (sum: Double, gradients: [Tensor]) {
            let adapter = try fixture.adapter()
            let sum = try finetuner(examples, adapter: adapter).backward(
                examples, about: SegmentVectors(rows: fixture.vectors()), scale: 0.5)
            return (sum, try adapter.parameters.map { try #require(try $0.gradient) })
        }
        func expectSame(_ one: (sum: Double, gradients: [Tensor]), _ other: (sum: Double, gradients: [Tensor]))
            throws
        {
            #expect(relativeError(one.sum, other.sum) < referenceTolerance)
            for (one, other) in zip(one.gradients, other.gradients) {
                #expect(try relativeError(one, other) < referenceTolerance)
            }
        }
        // All probability on the answer.
        try expectSame(gradients([taught(0, width: 1, share: 1)]), gradients([example(0)]))
        try expectSame(gradients([taught(0, width: 4, share: 1)]), gradients([example(0)]))
        // The explicit sum.
        let half = taught(1, width: 4, share: 0.4)
        let decoder = fixture.decoder
        let targets = try #require(half.targets)
        let sum = try withoutGradients {
            let text = try decoder.embed(half.prompt + half.answer.dropLast())
            let hidden = try decoder.hiddenStates(
                .concatenated([fixture.vectors().unsqueezed(0), text], 1),
                adapters: ActiveAdapters([fixture.adapter()]), last: half.answer.count)
            let likely = try decoder.logits(hidden[0]).softmax(-1).array(of: Float.self)
            return zip(targets.tokens, targets.shares).enumerated().reduce(0.0) { sum, target in
                let place = target.offset / 4 * vocabulary + Int(target.element.0)
                return sum - Double(target.element.1) * log(Double(likely[place]))
            }
        }
        let found = try gradients([half])
        #expect(relativeError(found.sum, sum) < referenceTolerance)
        #expect(try relativeError(found.gradients[0], gradients([example(1)]).gradients[0]) > 0.01)
        // A batch with and without a teacher, and with different widths, is the sum of its examples.
        let examples = [half, example(0), taught(0, width: 2, share: 0.7), taught(2, width: 4, share: 0.5)]
        let together = try gradients(examples)
        let alone = try examples.map { try gradients([$0]) }
        let added = try alone.dropFirst().reduce(alone[0]) { sum, next in
            (sum.sum + next.sum, try zip(sum.gradients, next.gradients).map { try $0 + $1 })
        }
        try expectSame(together, added)
    }

    /// The gradients of vectors equal finite differences of the loss along a random direction.
    @Test(
        arguments: [VectorReading.embeddings, Compressor.attendedScheme.reading()],
        [GradientCheckpointing.never, .always])
    func gradientsOfVectorsMatchFiniteDifferences(reading: VectorReading, checkpointing: GradientCheckpointing) throws {
        try Runtime.seed(7)
        let size =
            reading.form == .embeddings ? fixture.decoder.configuration.hiddenSize : fixture.decoder.keyValueSize
        let vectors = try Tensor.randn([6, size])
        let direction = try Tensor.randn([6, size])
        let examples = [example(0), example(1)]
        let finetuner = try Finetuner(
            decoder: fixture.decoder, adapter: fixture.adapter(), recipe: recipe(), reading: reading,
            documents: [SegmentVectors(rows: vectors)], examples: examples, seed: 0, checkpointing: checkpointing)
        func loss(_ shift: Double) throws -> Double {
            try finetuner.backward(examples, about: SegmentVectors(rows: vectors + direction * shift), scale: 1)
        }
        let leaf = try vectors.cloned()
        try leaf.setRequiresGradient(true)
        _ = try finetuner.backward(examples, about: SegmentVectors(rows: leaf), scale: 1)
        let slope = try (#require(try leaf.gradient) * direction).sum().item()
        let difference = try (loss(1e-2) - loss(-1e-2)) / 2e-2
        #expect(abs(difference) > 1e-3)
        #expect(relativeError(slope, difference) < 1e-2, "\(slope), \(difference)")
    }

    /// Tuning vectors lowers the loss, and a resumed run matches an uninterrupted one exactly.
    @Test func vectorsAreTuned() throws {
        var recipe = recipe(epochs: 3)
        #expect(try finetuner([example()], recipe: recipe).tunedVectors() == nil)
        recipe.tunesVectors = true
        recipe.vectorLearningRate = 1e-2
        recipe.batchSize = 2
        recipe.documentsPerBatch = 1
        recipe.learningRate = 1e-9
        let start = try fixture.vectors()
        let examples = [example(0), example(1), example(2, document: 1)]
        let documents = try [start, start[0..<5], start[0..<4]]
        let finetuner = try finetuner(examples, recipe: recipe, documents: documents, seed: 3)
        var losses: [Double] = []
        var state = Data()
        while finetuner.stepCount < finetuner.totalSteps {
            if finetuner.stepCount == 2 { state = try finetuner.state() }
            losses.append(try finetuner.step().loss)
        }
        let tuned = try #require(try finetuner.tunedVectors())
        #expect(tuned.map(\.shape) == documents.map(\.shape))
        #expect(try relativeError(tuned[0].to(.float32), start) > 0.01)
        #expect(try relativeError(tuned[2].to(.float32), documents[2]) < 0.01, "no question is about it")
        #expect(try start.bytes() == fixture.vectors().bytes(), "the caller's vectors are unchanged")
        // The adapter's learning rate is negligible: the tuned vectors lower the loss.
        let last = try self.finetuner(examples, documents: tuned.map { try $0.to(.float32) })
        let first = try self.finetuner(examples, documents: documents)
        func loss(_ finetuner: Finetuner, _ documents: [Tensor]) throws -> Double {
            try examples.reduce(0) {
                try $0 + finetuner.backward([$1], about: SegmentVectors(rows: documents[$1.document]), scale: 1)
            }
        }
        #expect(try loss(last, tuned.map { try $0.to(.float32) }) < loss(first, documents) * 0.95)

        let second = try self.finetuner(examples, recipe: recipe, documents: documents, seed: 3)
        try second.restore(state)
        var rest: [Double] = []
        while second.stepCount < second.totalSteps { rest.append(try second.step().loss) }
        #expect(rest == Array(losses[2...]))
        #expect(try second.state() == finetuner.state())
    }

    @Test func documentsOfABatchAreSeparate() throws {
        let other = try fixture.tensors.tensor("vectors.independent", as: .float32)
        let documents = try [
            fixture.vectors(), other[0..<6], .zeros([0, fixture.decoder.configuration.hiddenSize]),
        ]
        let examples = [example(0), example(1, document: 1), example(2, document: 1), example(1, document: 2)]
        var recipe = recipe(epochs: 1)
        recipe.batchSize = examples.count
        recipe.documentsPerBatch = 3
        let step = try finetuner(examples, recipe: recipe, documents: documents, adapter: fixture.adapter()).step()
        let alone = try finetuner(examples, recipe: recipe, documents: documents, adapter: fixture.adapter())
        let sum = try examples.reduce(0) {
            try $0 + alone.backward([$1], about: SegmentVectors(rows: documents[$1.document]), scale: 1)
        }
        #expect(relativeError(step.loss, sum / Double(examples.reduce(0) { $0 + $1.answer.count })) < 1e-5)
        #expect(step.tokens == 12 + 6 + examples.reduce(0) { $0 + $1.prompt.count + $1.answer.count })
    }

    @Test func aRestoredRunMatchesAnUninterruptedOne() throws {
        let examples = (0..<7).map { example($0 % 3) }
        var recipe = recipe(epochs: 3)
        recipe.dropout = 0.3
        recipe.batchSize = 2
        recipe.documentsPerBatch = 1
        recipe.decay = .cosine
        let whole = try finetuner(examples, recipe: recipe, seed: 5)
        var losses: [Double] = []
        var state = Data()
        while whole.stepCount < whole.totalSteps {
            if whole.stepCount == 4 { state = try whole.state() }
            losses.append(try whole.step().loss)
        }
        let second = try finetuner(examples, recipe: recipe, seed: 5)
        try second.restore(state)
        #expect(second.stepCount == 4)
        var rest: [Double] = []
        while second.stepCount < second.totalSteps { rest.append(try second.step().loss) }
        #expect(rest == Array(losses[4...]))
        #expect(try second.state() == whole.state())
        #expect(try finetuner(examples, recipe: recipe, seed: 6).step().loss != losses[0])

        for broken in [Data(), state.prefix(40), state.dropLast(9), Data(repeating: 0xFF, count: 300)] {
            #expect(message { try second.restore(broken) } != nil)
        }
        var narrow = recipe
        narrow.rank = 3
        #expect(message { try finetuner(examples, recipe: narrow).restore(state) } != nil)
    }

    @Test(arguments: [1e30, 1e38]) func instabilityDoesNotChangeTheState(learningRate: Double) throws {
        var recipe = recipe()
        recipe.learningRate = learningRate
        let finetuner = try finetuner([example()], recipe: recipe)
        _ = try finetuner.step()
        let before = try finetuner.state()
        #expect(0..<30_000 ~= before.count - finetuner.stateByteCount)
        let line = message { while finetuner.stepCount < finetuner.totalSteps { _ = try finetuner.step() } }
        #expect(line?.contains("unstable at step") == true)
        #expect(line?.contains("lower the learning rate") == true)
        try #require(finetuner.stepCount == 1)
        #expect(try finetuner.state() == before)
        #expect(try finetuner.adapter.parameters.allSatisfy { try $0.gradient == nil })
    }

    @Test func nonFiniteVectorsAreRefused() throws {
        let broken = try fixture.vectors().cloned()
        try broken[0..<1].fill(.nan)
        let finetuner = try finetuner([example()], documents: [broken])
        let before = try finetuner.state()
        #expect(message { _ = try finetuner.step() }?.contains("unstable at step 1") == true)
        #expect(try finetuner.state() == before)
    }

    @Test func examplesBeyondTheWindowAreRefused() throws {
        let window = fixture.model.window
        let long = FinetuningExample(
            document: 0, prompt: Array(repeating: 9, count: window - 14), answer: [5, 2, 2])
        #expect(message { _ = try finetuner([long]) }?.contains("\(window)") == true)
        let fits = FinetuningExample(
            document: 0, prompt: Array(repeating: 9, count: window - 15), answer: [5, 2, 2])
        #expect(try finetuner([fits]).step().loss.isFinite)
        #expect(message { _ = try finetuner([]) }?.contains("no question") == true)
    }
}
