import LLoCOCompression
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import LLoCOTraining
import Testing

/// The number of storages that a training step allocates in libtorch: bounded, and equal in every step.
@Suite(.seeded) struct TrainingStoragesTests {
    let fixture: CompressorFixture

    init() throws { fixture = try CompressorFixture() }

    /// Checks each step but the first, which creates the table of rotary angles.
    private func expectStorages(
        maximum bound: Int, kernels: String, sourceLocation: SourceLocation = #_sourceLocation,
        step: () throws -> Void
    ) throws {
        try Runtime.withKernels(of: kernels) {
            try step()
            let counts = try (0..<3).map { _ in try Runtime.storagesMade(step) }
            #expect(
                counts.allSatisfy { $0 == counts[0] && $0 <= bound }, "\(counts)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: Runtime.kernelSets, [(GradientCheckpointing.never, 300), (.always, 385)])
    func storagesOfFinetuning(_ kernels: String, _ of: (checkpointing: GradientCheckpointing, bound: Int)) throws {
        var recipe = FinetuningRecipe()
        (recipe.epochs, recipe.batchSize, recipe.documentsPerBatch) = (8, 2, 1)
        let examples = fixture.values.batch.examples.prefix(2).map {
            FinetuningExample(document: 0, prompt: $0.question, answer: $0.answer + [fixture.values.eos])
        }
        let finetuner = try Finetuner(
            decoder: fixture.decoder, recipe: recipe, documents: [SegmentVectors(rows: fixture.vectors())],
            examples: examples, seed: 1,
            checkpointing: of.checkpointing)
        try expectStorages(maximum: of.bound, kernels: kernels) { _ = try finetuner.step() }
    }

    /// The published method, and keys and values of picked or attended positions.
    @Test(
        arguments: Runtime.kernelSets,
        [
            (CompressionMethod.SummaryInput.learned, GradientCheckpointing.never, 1_162),
            (.learned, .always, 1_542), (.picked, .never, 1_104), (.picked, .always, 1_600),
            (.attended, .never, 1_128),
            (.attended, .always, 1_320),
        ])
    func storagesOfCompressorTraining(
        _ kernels: String,
        _ of: (input: CompressionMethod.SummaryInput, checkpointing: GradientCheckpointing, bound: Int)
    ) throws {
        var recipe = CompressorRecipe()
        (recipe.summaryTokens, recipe.segmentTokens, recipe.rowTokens) = (3, 32, 64)
        (recipe.batchRows, recipe.steps, recipe.warmupSteps, recipe.rank) = (2, 8, 1, 4)
        recipe.summaryInput = of.input
        if of.input != .learned {
            (recipe.form, recipe.segmentsPerSubstep, recipe.readingTokens) = (.keysAndValues, 1, 24)
            (recipe.continuation, recipe.distillation) = (0, 1)
        }
        let trainer = try CompressorTrainer(
            decoder: fixture.decoder, recipe: recipe, seed: 1, checkpointing: of.checkpointing)
        let text = try TrainingText([Sample.text("river"), Sample.text("mill")])
        let tokenizer = try fixture.model.tokenizer
        try expectStorages(maximum: of.bound, kernels: kernels) { _ = try trainer.step(text, tokenizer) }
    }
}
