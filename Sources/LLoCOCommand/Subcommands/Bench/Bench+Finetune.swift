import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModels
import LLoCOTorch
import LLoCOTraining

/// Measures fine-tuning on a document: on its vectors against on its text.
extension Bench {
    func measureFinetune() throws {
        let table = BenchTable(
            [
                .work, .mode, .tokens, BenchColumn("read", 6) { "\($0.contextTokens ?? 0)" },
                BenchColumn("examples", 8) { "\($0.examples ?? 0)" }, .seconds("s/step", 9) { $0.seconds },
                .seconds("examples/s", 10) { $0.examplesPerSecond },
                .seconds("positions/s", 11, digits: 1) { $0.tokensPerSecond }, .peak, .before, .ratio,
            ], json: output.json)
        let bar = ProgressBar("finetune")
        defer { bar.finish() }
        var compressed: Double?
        for (index, mode) in Measurement.Mode.allCases.enumerated() {
            bar.update(index, of: 2, detail: mode.rawValue)
            var line = BenchLine(work: Work.finetune.rawValue, mode: mode.rawValue, tokens: documentTokens.value)
            switch try Measurement(.finetune, mode, tokens: documentTokens.value).outcome() {
            case .result(let result):
                let examples = result.examples ?? 0
                line.seconds = result.seconds
                line.tokensPerSecond = Double(result.positions ?? 0) / result.seconds
                line.contextTokens = result.contextTokens
                line.examples = examples
                line.examplesPerSecond = Double(examples) / result.seconds
                line.peakMemoryBytes = result.peak
                line.memoryBeforeBytes = result.memoryBefore
                if mode == .compressed {
                    compressed = line.examplesPerSecond
                    line.isSynthetic = true
                } else if let compressed, let full = line.examplesPerSecond {
                    line.ratio = compressed / full
                }
            case .beyondTheWindow:
                line.note = Self.beyondTheWindow
            case .failure(let reason):
                line.note = reason
            }
            bar.finish()
            try table.print(line)
        }
    }

    // MARK: In the child process

    func finetuning(_ measurement: Measurement) throws -> Measurement.Outcome {
        let loaded = try engine.load(withEmbedder: false)
        let decoder = loaded.languageModel.decoder
        let vocabulary = decoder.configuration.vocabularySize
        // A step's cost depends on the number of vectors, not on their values.
        let document =
            switch measurement.mode {
            case .compressed: try vectors(measurement, loaded)
            case .full:
                try withoutGradients { try decoder.embed(randomIDs(measurement.tokens, vocabulary: vocabulary))[0] }
            }
        guard document.size(0) + questionTokens.value + answerTokens.value <= loaded.languageModel.window else {
            return .beyondTheWindow
        }
        var recipe = try training.recipe(for: loaded.languageModel.configuration).finetuning
        // A batch holds all examples: an epoch is one step, and the first step is the warm-up.
        recipe.epochs = runs + 1
        let examples = (0..<recipe.batchSize).map { index in
            let salt = 2 * UInt64(index) + 10
            return FinetuningExample(
                document: 0, prompt: randomIDs(questionTokens.value, vocabulary: vocabulary, salt: salt),
                answer: randomIDs(answerTokens.value, vocabulary: vocabulary, salt: salt + 1))
        }
        let finetuner = try Finetuner(
            decoder: decoder, base: measurement.mode == .compressed ? try loaded.compressor.readingAdapters.list : [],
            recipe: recipe, reading: measurement.mode == .compressed ? loaded.compressor.vectorReading : .embeddings,
            documents: [SegmentVectors(rows: document)], examples: examples, seed: self.engine.model.compute.seed,
            checkpointing: training.gradientCheckpointing)
        ProcessMemory.forgetPeak()
        var result = Measurement.Result(memoryBefore: ProcessMemory.current)
        let seconds = try medianSeconds("finetune \(measurement.mode.rawValue)") {
            result.positions = try finetuner.step().tokens
        }
        result.seconds = seconds
        result.peak = ProcessMemory.peak
        result.examples = examples.count
        result.contextTokens = document.size(0)
        return .result(result)
    }
}
