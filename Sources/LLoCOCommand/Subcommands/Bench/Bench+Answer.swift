import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModels
import LLoCOTorch
import LLoCOTraining

/// Measures answers about a text: from its vectors against from the text.
extension Bench {
    func measureAnswer() throws {
        let table = BenchTable(
            [
                .work, .mode, .tokens, BenchColumn("read", 6) { "\($0.contextTokens ?? 0)" },
                .seconds("first token s", 13) { $0.seconds },
                .seconds("s/token", 9, digits: 4) { $0.secondsPerToken },
                .peak, .before, .seconds("compress s", 10, digits: 1) { $0.compressSeconds },
                BenchColumn("its peak MB", 11) { BenchColumn.megabytes($0.compressPeakMemoryBytes) }, .ratio,
            ], json: output.json)
        let folder = try TemporaryFolder()
        let bar = ProgressBar("answer")
        defer { bar.finish() }
        let total = contexts.values.reduce(0, +)
        var done = 0
        var lines: [BenchLine] = []
        for tokens in contexts.values {
            var compressed: BenchLine?
            for mode in Measurement.Mode.allCases {
                bar.update(done, of: total, detail: "\(tokens) tokens, \(mode.rawValue)")
                let line = try answerLine(tokens, mode, folder, compressed)
                if mode == .compressed { compressed = line }
                bar.finish()
                try table.print(line)
                lines.append(line)
            }
            done += tokens
        }
        if let plot { try AnswerPlot.write(lines, to: plot) }
    }

    private func answerLine(
        _ tokens: Int, _ mode: Measurement.Mode, _ folder: TemporaryFolder, _ compressed: BenchLine?
    ) throws -> BenchLine {
        var line = BenchLine(work: Work.answer.rawValue, mode: mode.rawValue, tokens: tokens)
        var vectors: String?
        if mode == .compressed {
            line.isSynthetic = syntheticVectors
            if !syntheticVectors {
                let file = folder.path("\(tokens).safetensors")
                switch try Measurement(.compress, mode, tokens: tokens, vectors: file).outcome() {
                case .result(let result):
                    line.compressSeconds = result.seconds
                    line.compressPeakMemoryBytes = result.peak
                    vectors = file
                case .beyondTheWindow:
                    line.note = Self.beyondTheWindow
                    return line
                case .failure(let reason):
                    line.note = reason
                    return line
                }
            }
        }
        switch try Measurement(.answer, mode, tokens: tokens, vectors: vectors).outcome() {
        case .result(let result):
            line.seconds = result.seconds
            line.tokensPerSecond = Double(tokens) / result.seconds
            line.secondsPerToken = result.secondsPerToken
            line.contextTokens = result.contextTokens
            line.promptTokens = result.promptTokens
            line.generatedTokens = result.generatedTokens
            line.peakMemoryBytes = result.peak
            line.memoryBeforeBytes = result.memoryBefore
            if mode == .full, let best = compressed?.seconds { line.ratio = result.seconds / best }
        case .beyondTheWindow:
            line.note = Self.beyondTheWindow
        case .failure(let reason):
            line.note = reason
        }
        return line
    }

    static let beyondTheWindow = "beyond the window"

    // MARK: In the child process

    func compressing(_ measurement: Measurement) throws -> Measurement.Outcome {
        let loaded = try engine.load(withEmbedder: false)
        let compressor = loaded.compressor
        guard (try? compressor.check(tokens: measurement.tokens, named: "")) != nil else { return .beyondTheWindow }
        let vocabulary = loaded.languageModel.configuration.vocabularySize
        // Creates what is created once, at the first use.
        _ = try compressor.compress(randomIDs(1, vocabulary: vocabulary))
        let ids = randomIDs(measurement.tokens, vocabulary: vocabulary)
        let bar = ProgressBar("compressing \(ids.count) tokens")
        ProcessMemory.forgetPeak()
        var result = Measurement.Result(memoryBefore: ProcessMemory.current)
        let start = ContinuousClock.now
        let vectors = try compressor.compress(ids) { bar.update($0, of: ids.count) }.rows
        result.seconds = start.duration(to: .now).seconds
        result.peak = ProcessMemory.peak
        result.contextTokens = vectors.size(0)
        bar.finish()
        if let file = measurement.vectors {
            try SafetensorsWriter.write(["vectors": vectors], to: URL(filePath: file))
        }
        return .result(result)
    }

    func answering(_ measurement: Measurement) throws -> Measurement.Outcome {
        let loaded = try engine.load(withEmbedder: false)
        let (model, decoder) = (loaded.languageModel, loaded.languageModel.decoder)
        let vocabulary = model.configuration.vocabularySize
        let question = randomIDs(questionTokens.value, vocabulary: vocabulary, salt: 1)
        let context: Context
        switch measurement.mode {
        case .full: context = .text(randomIDs(measurement.tokens, vocabulary: vocabulary))
        case .compressed: context = .vectors(try vectors(measurement, loaded))
        }
        guard context.count + question.count + answerTokens.value <= model.window else { return .beyondTheWindow }
        var adapters = ActiveAdapters.none
        if measurement.mode == .compressed {
            // The adapters of an answer from a library: the compressor's and the group's.
            let recipe = try training.recipe(for: model.configuration).finetuning
            let own = try Adapter(for: decoder, rank: recipe.rank, alpha: recipe.alpha, dropout: 0)
                .frozen(as: decoder.dtype, device: decoder.device)
            adapters = ActiveAdapters(try loaded.compressor.readingAdapters.list + [own])
        }
        func answer(_ context: Context, _ tokens: Int) throws -> (first: Double, each: Double, prompt: Int) {
            let start = ContinuousClock.now
            var prompt = try decoder.embed(question)
            var cache: KeyValueCache?
            switch context {
            case .text(let ids): prompt = try decoder.embed(ids + question)
            case .vectors(let vectors):
                (prompt, cache) = try withoutGradients {
                    try loaded.compressor.reading(
                        SegmentVectors(rows: vectors.to(decoder.dtype, device: decoder.device)), before: prompt)
                }
            }
            let embedded = start.duration(to: .now).seconds
            let made = try model.generate(prompt, cache: cache, options: Self.greedy(tokens), adapters: adapters)
            return (
                embedded + made.prefillSeconds, made.decodeSeconds / Double(tokens - 1),
                context.count + question.count
            )
        }
        // Creates what is created once, at the first use.
        _ = try answer(.text([]), 2)
        ProcessMemory.forgetPeak()
        var result = Measurement.Result(memoryBefore: ProcessMemory.current)
        let answers = try (0..<runs).map { _ in try answer(context, answerTokens.value) }
        result.peak = ProcessMemory.peak
        result.seconds = answers.map(\.first).median
        result.secondsPerToken = answers.map(\.each).median
        result.contextTokens = context.count
        result.promptTokens = answers[0].prompt
        result.generatedTokens = answerTokens.value
        return .result(result)
    }

    /// The context before the question.
    private enum Context {
        case text([Int])
        /// [n, vectorSize]
        case vectors(Tensor)

        var count: Int {
            switch self {
            case .text(let ids): ids.count
            case .vectors(let vectors): vectors.size(0)
            }
        }
    }

    /// A text's vectors [n, vectorSize], float32: from `measurement.vectors`, else random.
    func vectors(_ measurement: Measurement, _ loaded: LoadedModel) throws -> Tensor {
        if let file = measurement.vectors {
            return try SafetensorsCheckpoint(URL(filePath: file)).tensor("vectors", as: .float32)
        }
        let compressor = loaded.compressor
        return try Tensor.randn([compressor.scheme.vectors(ofText: measurement.tokens), compressor.vectorSize])
    }
}
