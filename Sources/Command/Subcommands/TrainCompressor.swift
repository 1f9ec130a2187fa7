import ArgumentParser
import Checkpoints
import Foundation
import JSON
import LLoCO
import Models
import Torch

struct TrainCompressor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a compressor for a model: summary embeddings and a LoRA adapter.",
        discussion: """
            Texts are plain files, or JSON Lines with a field "text", gzipped or not. An interrupted run goes on from its \
            last checkpoint in DIR when the same command is given again. The loss of every step is appended to \
            DIR/training.jsonl.
            """)

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Texts to train on.", valueName: "file"))
    var text: [String]

    @Option(help: ArgumentHelp("The compressor's folder.", valueName: "dir"))
    var out: String

    @OptionGroup var training: TrainingOptions

    @Option(help: ArgumentHelp("Steps in all; default: the recipe's.", valueName: "n"))
    var steps: Int?

    @Option(help: ArgumentHelp("Stop after so many minutes, with a checkpoint to go on from.", valueName: "n"))
    var minutes: Double?

    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let steps, steps < 1 { throw ValidationError("--steps \(steps): expected 1 or more") }
        if let minutes, !(minutes > 0) { throw ValidationError("--minutes \(minutes): expected more than 0") }
    }

    func run() throws {
        guard !text.isEmpty else { throw CommandError("--text FILE is missing: texts to train on") }
        try OutputFolder.check(out, option: "--out")
        let all = try text.flatMap { try TrainingText.texts(in: URL(filePath: $0)) }
        // A text alone is what is wanted; of a corpus some are kept for the measure.
        let texts = all.count < 100 ? all : all.filter { !TrainingText.isHeldOut($0) }
        let model = try model.load(exact: false)
        let tokenizer = try model.tokenizer
        var recipe = try training.recipe(for: model.configuration).compressor
        if let steps { recipe.steps = steps }
        let corpus = try TrainingText(texts, minimumBytes: recipe.rowTokens * 3)
        if corpus.count < texts.count {
            Terminal.note(
                "\(texts.count - corpus.count) of \(texts.count) texts were left out: shorter than "
                    + "\(recipe.rowTokens * 3) bytes, too little for a row of \(recipe.rowTokens) tokens")
        }
        let source = CompressorTrainer.Source(
            baseModel: try FileIdentity.digest(of: model.identityFiles), texts: corpus.digest)
        let trainer = try CompressorTrainer(
            decoder: model.decoder, recipe: recipe, seed: self.model.compute.seed,
            checkpointing: training.gradientCheckpointing)
        let folder = URL(filePath: out)
        var tokens = try trainer.resume(from: folder, source: source) ?? 0
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Terminal.note(
            "\(corpus.count) texts, \(corpus.byteCount / 1_000_000) MB; \(recipe.steps) steps of \(recipe.batchRows) "
                + "rows of \(recipe.rowTokens) tokens\(trainer.stepCount > 0 ? ", from step \(trainer.stepCount) on" : "")"
        )
        let log = try TrainingLogFile(folder.appending(path: "training.jsonl"), keepingSteps: trainer.stepCount)
        let bar = ProgressBar("training")
        let start = ContinuousClock.now
        var saved = trainer.stepCount
        while trainer.stepCount < recipe.steps {
            let began = ContinuousClock.now
            let step = try trainer.step(corpus, tokenizer)
            tokens += step.tokens
            let line = StepLine(
                step: step.step, loss: step.loss,
                tokensPerSecond: Double(step.tokens) / began.duration(to: .now).seconds)
            try log.append(line)
            if output.json { try Terminal.json(line) }
            bar.update(step.step, of: recipe.steps, detail: String(format: "loss %.4f", step.loss))
            if let minutes, start.duration(to: .now).seconds >= minutes * 60 { break }
            if trainer.stepCount - saved >= recipe.checkpointSteps {
                try trainer.save(to: folder, source: source, trainedTokens: tokens)
                saved = trainer.stepCount
            }
        }
        bar.finish()
        try trainer.save(to: folder, source: source, trainedTokens: tokens)
        if !output.json {
            Terminal.print("\(out): step \(trainer.stepCount) of \(recipe.steps), \(tokens) tokens read")
        }
    }
}

/// The log of a run, a JSON line a step; steps after the checkpoint that a run goes on from are dropped.
private struct TrainingLogFile {
    private let handle: FileHandle

    init(_ file: URL, keepingSteps steps: Int) throws {
        let lines = FileManager.default.contents(atPath: file.path)?.split(separator: UInt8(ascii: "\n")) ?? []
        let kept = lines.prefix(steps).reduce(into: Data()) { $0 += $1 + Data("\n".utf8) }
        try kept.write(to: file, options: .atomic)
        handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
    }

    func append(_ line: some Encodable) throws {
        try handle.write(contentsOf: JSONLine.data(line))
    }
}
