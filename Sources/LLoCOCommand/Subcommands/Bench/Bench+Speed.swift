import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModels
import LLoCOTorch
import LLoCOTraining

/// Measures a model's work on tokens: the works that are compared with other programs.
extension Bench {
    func measurePrefill(_ loaded: LoadedModel, _ table: BenchTable) throws {
        for count in lengths(.prefill, [512, 1536, 4096], within: loaded.languageModel.window - 1) {
            let ids = randomIDs(count, vocabulary: loaded.languageModel.configuration.vocabularySize)
            let seconds = try medianSeconds("prefill \(count)") {
                _ = try loaded.languageModel.generate(loaded.languageModel.decoder.embed(ids), options: Self.greedy(1))
            }
            try table.print(Self.line(.prefill, count, seconds, of: count))
        }
    }

    func measureDecode(_ loaded: LoadedModel, _ table: BenchTable) throws {
        let steps = 32
        let model = loaded.languageModel
        for count in lengths(.decode, [128, 4096], within: model.window - steps - 1) {
            let ids = randomIDs(count, vocabulary: model.configuration.vocabularySize)
            let cache = KeyValueCache(layerCount: model.configuration.layerCount)
            if count > 1 {
                _ = try withoutGradients {
                    try model.decoder.hiddenStates(model.decoder.embed(Array(ids.dropLast())), cache: cache)
                }
            }
            var times: [Double] = []
            let bar = ProgressBar("decode \(count)")
            for run in 0...runs {
                bar.update(run, of: runs + 1)
                // The first token follows from the text's last one; the steps are the tokens after it.
                let made = try model.generate(
                    model.decoder.embed([ids[count - 1]]), cache: cache, options: Self.greedy(steps + 1))
                if run > 0 { times.append(made.decodeSeconds) }
                cache.truncate(to: count - 1)
            }
            bar.finish()
            try table.print(Self.line(.decode, count, times.median, of: steps))
        }
    }

    func measureTrain(_ loaded: LoadedModel, _ table: BenchTable) throws {
        let decoder = loaded.languageModel.decoder
        for count in lengths(.train, [512, 1536], within: loaded.languageModel.window, minimum: 2) {
            let ids = randomIDs(count, vocabulary: decoder.configuration.vocabularySize)
            var recipe = FinetuningRecipe()
            recipe.rank = 8
            recipe.alpha = 16
            recipe.dropout = 0
            recipe.epochs = runs + 1
            recipe.learningRate = 1e-4
            let finetuner = try Finetuner(
                decoder: decoder, recipe: recipe,
                documents: [SegmentVectors(rows: .zeros([0, decoder.configuration.hiddenSize]))],
                examples: [FinetuningExample(document: 0, prompt: [ids[0]], answer: Array(ids.dropFirst()))],
                seed: self.engine.model.compute.seed)
            let seconds = try medianSeconds("train \(count)") { _ = try finetuner.step() }
            try table.print(Self.line(.train, count, seconds, of: count))
        }
    }

    func measureCompress(_ loaded: LoadedModel, _ table: BenchTable) throws {
        let compressor = loaded.compressor
        for count in tokens?.values ?? [1536, 6144] {
            try compressor.check(tokens: count, named: "compress")
            let ids = randomIDs(count, vocabulary: loaded.languageModel.configuration.vocabularySize)
            let seconds = try medianSeconds("compress \(count)") { _ = try compressor.compress(ids) }
            try table.print(Self.line(.compress, count, seconds, of: count))
        }
    }

    /// The lengths to measure. Notes the lengths that do not fit the model.
    private func lengths(_ work: Work, _ usual: [Int], within window: Int, minimum: Int = 1) -> [Int] {
        (tokens?.values ?? usual).filter { count in
            if minimum...max(minimum, window) ~= count { return true }
            Terminal.note("\(work.rawValue) \(count): left out, this model takes \(minimum) to \(window) tokens here")
            return false
        }
    }

    /// Greedy generation of exactly `count` tokens.
    static func greedy(_ count: Int) -> GenerationOptions { GenerationOptions(maximumTokens: count, endTokens: []) }

    private static func line(_ work: Work, _ tokens: Int, _ seconds: Double, of count: Int) -> BenchLine {
        BenchLine(
            work: work.rawValue, tokens: tokens, seconds: seconds, tokensPerSecond: Double(count) / seconds)
    }

    func speedTable() -> BenchTable {
        BenchTable(
            [
                .work, .tokens, .seconds("seconds", 9) { $0.seconds },
                .seconds("tokens/s", 10, digits: 1) { $0.tokensPerSecond },
            ], json: output.json)
    }
}
