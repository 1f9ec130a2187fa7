import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import LLoCOTraining
import Testing

/// Training a compressor: losses, gradients, steps and saved files.
@Suite(.seeded) struct CompressorTrainerTests {
    let fixture: CompressorFixture

    init() throws { fixture = try CompressorFixture() }

    private let source = CompressorTrainer.Source(baseModel: "base", texts: "t")

    private func recipe() -> CompressorRecipe {
        var recipe = CompressorRecipe()
        recipe.summaryTokens = 3
        recipe.segmentTokens = 16
        recipe.rowTokens = 64
        recipe.batchRows = 2
        recipe.steps = 6
        recipe.warmupSteps = 1
        recipe.learningRate = 1e-2
        recipe.summaryLearningRate = 1e-2
        recipe.rank = 4
        recipe.alpha = 8
        recipe.dropout = 0
        return recipe
    }

    private var text: TrainingText {
        get throws { try TrainingText([Sample.text("river"), Sample.text("mill")]) }
    }

    @Test(arguments: [GradientCheckpointing.never, .always])
    func lossesAndGradientsMatchTheReference(checkpointing: GradientCheckpointing) throws {
        let training = fixture.values.training
        var recipe = recipe()
        recipe.substeps = training.substeps.count
        recipe.segmentsPerSubstep = training.substeps[0].count
        let trainer = try CompressorTrainer(
            decoder: fixture.decoder, recipe: recipe, seed: 1, checkpointing: checkpointing)
        let start = try fixture.adapter()
        for (parameter, value) in zip(trainer.adapter.parameters, start.parameters) { try parameter.copy(from: value) }
        try trainer.embedSummary.copy(from: fixture.embedSummary)
        var cuts: [Range<Int>] = []
        for length in training.substeps.flatMap({ $0 }) {
            let start = cuts.last?.upperBound ?? 0
            cuts.append(start..<start + length)
        }
        // The mean of the substeps' means is the total mean, since the substeps have equal lengths.
        let predicted = training.substeps.map { $0.reduce(0, +) - 1 }
        #expect(Set(predicted).count == 1)
        let row = ContinuationRow(
            method: AutoCompressor(), ids: training.row, cuts: cuts,
            segmentsPerSubstep: recipe.segmentsPerSubstep)
        #expect(row.predictedByRow == predicted.reduce(0, +))
        let sum = try row.backward(trainer, scale: 1 / Double(predicted.reduce(0, +)))
        let reference = zip(training.losses, predicted).reduce(0) { $0 + $1.0 * Double($1.1) }
        #expect(relativeError(sum, reference) < referenceTolerance)
        let names = CompressorFixture.names(of: trainer.adapter) + ["embed_summary.weight"]
        for (parameter, name) in zip(trainer.adapter.parameters + [trainer.embedSummary], names) {
            let gradient = try #require(try parameter.gradient)
            let expected = try fixture.tensors.tensor("training.grad.\(name)", as: .float32)
            #expect(try relativeError(gradient, expected) < referenceTolerance, "\(name)")
        }
    }

    @Test func newEmbeddingsAreThoseOfTheEndToken() throws {
        let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe(), seed: 1)
        let end = try fixture.decoder.embed([fixture.values.eos])[0].array(of: Float.self)
        let rows = try trainer.embedSummary.detached().array(of: Float.self)
        #expect(rows == end + end + end)
        for pair in trainer.adapter.pairs.values {
            #expect(try pair.b.detached().array(of: Float.self).allSatisfy { $0 == 0 })
        }
    }

    @Test func aResumedRunMatchesAnUninterruptedOne() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try fixture.model.tokenizer
        func train(_ trainer: CompressorTrainer, to step: Int) throws -> [Double] {
            var losses: [Double] = []
            while trainer.stepCount < step { losses.append(try trainer.step(text, tokenizer).loss) }
            return losses
        }
        var recipe = recipe()
        recipe.dropout = 0.2
        let whole = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3)
        let losses = try train(whole, to: 6)
        #expect(losses.allSatisfy { $0.isFinite } && losses[5] < losses[0])

        let first = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3)
        _ = try train(first, to: 2)
        try first.save(to: folder.url, source: source, trainedTokens: 77)
        let second = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3)
        #expect(try second.resume(from: folder.url, source: source) == 77)
        #expect(try train(second, to: 6) == Array(losses[2...]))
        for (parameter, reference) in zip(second.adapter.parameters, whole.adapter.parameters) {
            #expect(try parameter.bytes() == reference.bytes())
        }
        #expect(try second.embedSummary.bytes() == whole.embedSummary.bytes())

        #expect(try second.resume(from: folder.url.appending(path: "none"), source: source) == nil)
        func refusal(_ trainer: CompressorTrainer, _ source: CompressorTrainer.Source) -> String? {
            message { _ = try trainer.resume(from: folder.url, source: source) }
        }
        #expect(refusal(second, .init(baseModel: "other", texts: "t"))?.contains("another base model") == true)
        let texts = CompressorTrainer.Source(baseModel: "base", texts: "u")
        #expect(refusal(second, texts)?.contains("another set of texts") == true)
        func hint(_ trainer: CompressorTrainer, _ source: CompressorTrainer.Source) -> ErrorHint? {
            #expect(throws: TrainingError.self) { try trainer.resume(from: folder.url, source: source) }?.hint
        }
        #expect(hint(second, texts) == .trainElsewhere(.texts))
        let reseeded = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 4)
        #expect(refusal(reseeded, source)?.contains("another seed") == true)
        #expect(hint(reseeded, source) == .trainElsewhere(.seed))
        var wider = recipe
        wider.batchRows *= 2
        let other = try CompressorTrainer(decoder: fixture.decoder, recipe: wider, seed: 3)
        #expect(refusal(other, source)?.contains("another recipe") == true)
        #expect(other.stepCount == 0)
        // A resumed run may have more steps or another learning rate.
        var longer = recipe
        longer.steps = 60
        longer.learningRate /= 2
        let extended = try CompressorTrainer(decoder: fixture.decoder, recipe: longer, seed: 3)
        #expect(try extended.resume(from: folder.url, source: source) == 77)
        // A field that is missing in an older version's state has its default value.
        let saved = try SafetensorsCheckpoint(folder.url.appending(path: "training-state.safetensors"))
        var old = saved.metadata
        old["recipe"] = old["recipe"]?.replacing("\"rowsPerPass\":1,", with: "")
        #expect(old != saved.metadata)
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "old"), withIntermediateDirectories: true)
        try SafetensorsWriter.write(
            Dictionary(uniqueKeysWithValues: saved.names.map { ($0, try saved.tensor($0)) }), metadata: old,
            to: folder.url.appending(path: "old/training-state.safetensors"))
        let later = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3)
        #expect(try later.resume(from: folder.url.appending(path: "old"), source: source) == 77)
        var grouped = recipe
        grouped.rowsPerPass = 2
        let differs = try CompressorTrainer(decoder: fixture.decoder, recipe: grouped, seed: 3)
        #expect(
            message { _ = try differs.resume(from: folder.url.appending(path: "old"), source: source) }?.contains(
                "another recipe") == true)
        let state = try folder.write(
            "cut/training-state.safetensors",
            Data(contentsOf: folder.url.appending(path: "training-state.safetensors")).dropLast(100))
        #expect(
            message { _ = try second.resume(from: folder.url.appending(path: "cut"), source: source) }?.contains(
                state) == true)
    }

    /// Recomputation repeats dropout exactly; only the order of gradient sums may differ.
    @Test(arguments: [0, 0.2])
    func checkpointingDoesNotChangeResults(dropout: Double) throws {
        var recipe = recipe()
        recipe.dropout = dropout
        let tokenizer = try fixture.model.tokenizer
        let trainers = try [GradientCheckpointing.never, .always].map {
            try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 3, checkpointing: $0)
        }
        for _ in 0..<2 {
            let steps = try trainers.map { try $0.step(text, tokenizer) }
            #expect(relativeError(steps[1].loss, steps[0].loss) < 1e-6)
            #expect(relativeError(steps[1].gradientNorm, steps[0].gradientNorm) < 1e-5)
        }
    }

    @Test func instabilityDoesNotChangeParameters() throws {
        var recipe = recipe()
        recipe.learningRate = 1e30
        recipe.summaryLearningRate = 1e30
        let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe, seed: 1)
        let tokenizer = try fixture.model.tokenizer
        _ = try trainer.step(text, tokenizer)
        let before = try trainer.adapter.parameters.map { try $0.detached().bytes() }
        let line = message { for _ in 0..<3 { _ = try trainer.step(text, tokenizer) } }
        #expect(line?.contains("unstable at step") == true)
        #expect(line?.contains("lower the learning rate") == true)
        try #require(trainer.stepCount == 1)
        #expect(try trainer.adapter.parameters.map { try $0.detached().bytes() } == before)
        #expect(try trainer.adapter.parameters.allSatisfy { try $0.gradient == nil })
    }

    @Test func textsTooShortForARowAreRefused() throws {
        let trainer = try CompressorTrainer(decoder: fixture.decoder, recipe: recipe(), seed: 1)
        let short = try TrainingText(["ab"])
        #expect(message { _ = try trainer.step(short, fixture.model.tokenizer) }?.contains("too short") == true)
        #expect(trainer.stepCount == 0)
    }
}
