import ArgumentParser
import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch
import LLoCOTraining

struct TrainCompressor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a compressor for a model: a LoRA adapter, and summary embeddings where the recipe has them.",
        discussion: """
            Texts are plain files, or JSON Lines with a field "text" or "document", gzipped or not; of a hundred or more one \
            in twenty is kept for 'evaluate-compressor --held-out'. An interrupted run goes on from its last checkpoint in \
            DIR when the same command is given again. Every step's loss, and that of each objective it drew, are \
            appended to DIR/training.jsonl, their curves are drawn in DIR/training.svg.
            """)

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Texts to train on.", valueName: "file"))
    var text: [String]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Question sets with their documents' texts, for the objective 'answering'.", valueName: "file"))
    var questions: [String] = []

    @Option(help: ArgumentHelp("The compressor's folder.", valueName: "dir"))
    var out: String

    @Option(
        help: ArgumentHelp(
            "Begin with this compressor's weights, not anew.",
            discussion: "A folder that this command wrote for the model, with a recipe of the same kind.",
            valueName: "dir"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "An adapter that answers are read with, in the objective 'answering'; it stays as it is.",
            discussion: "A folder in PEFT's layout: the adapter that will read the vectors, so that they suit it.",
            valueName: "dir"))
    var reader: String?

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
        let read = try text.flatMap { try TrainingText.texts(in: URL(filePath: $0)) }
        let texts = TrainingText.trained(among: read)
        if texts.count < read.count {
            Terminal.note(
                "\(read.count - texts.count) of \(read.count) texts are kept for 'evaluate-compressor --held-out'")
        }
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
        let reader = try self.reader.map { folder in
            guard recipe.answering > 0 else {
                throw CommandError("--reader: the recipe gives the objective 'answering' no share")
            }
            let checkpoint = try AdapterCheckpoint.read(URL(filePath: folder), as: .float32)
            return (adapter: try Adapter(checkpoint, for: model.decoder), digest: try checkpoint.digest())
        }
        let asked = try trainingQuestions(recipe, model)
        let identity = try FileIdentity.digest(of: model.identityFiles)
        let start = try from.map { URL(filePath: $0) }.map {
            (
                checkpoint: try CompressorCheckpoint(folder: $0, for: model.decoder, identity: identity),
                identity: try CompressorCheckpoint.identity(in: $0)
            )
        }
        let source = CompressorTrainer.Source(
            baseModel: identity,
            texts: asked.map { Digest.sha256(Data((corpus.digest + $0.digest).utf8)) } ?? corpus.digest,
            start: start?.identity ?? "", reader: reader?.digest ?? "")
        let trainer = try CompressorTrainer(
            decoder: model.decoder, recipe: recipe, seed: self.model.compute.seed,
            checkpointing: training.gradientCheckpointing, start: start?.checkpoint,
            reader: reader?.adapter)
        let folder = URL(filePath: out)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try CompressorTrainer.lock(folder)
        defer { withExtendedLifetime(lock) {} }
        var tokens =
            try trainer.resume(from: folder, source: source) ?? start?.checkpoint.description.trainedTokens ?? 0
        Terminal.note(
            "\(corpus.count) texts, \(corpus.byteCount / 1_000_000) MB; \(recipe.steps) steps of \(recipe.batchRows) "
                + "rows of \(recipe.rowTokens) tokens\(trainer.stepCount > 0 ? ", from step \(trainer.stepCount) on" : "")"
        )
        let logged = folder.appending(path: "training.jsonl")
        let log = try TrainingLogFile(logged, keepingSteps: trainer.stepCount)
        func save() throws {
            try trainer.save(to: folder, source: source, trainedTokens: tokens)
            try LossPlot.write(
                TrainingLogFile.curves(in: logged), title: "Training a compressor",
                to: folder.appending(path: "training.svg").path)
        }
        let bar = ProgressBar("training")
        let beginning = ContinuousClock.now
        var saved = trainer.stepCount
        while trainer.stepCount < recipe.steps {
            let began = ContinuousClock.now
            let step = try trainer.step(corpus, questions: asked, tokenizer)
            tokens += step.tokens
            let line = StepLine(
                step: step.step, loss: step.loss,
                tokensPerSecond: Double(step.tokens) / began.duration(to: .now).seconds)
            try log.append(TrainingLogFile.Line(line, step))
            if output.json { try Terminal.json(line) }
            bar.update(step.step, of: recipe.steps, detail: String(format: "loss %.4f", step.loss))
            if let minutes, beginning.duration(to: .now).seconds >= minutes * 60 { break }
            if trainer.stepCount - saved >= recipe.checkpointSteps {
                try save()
                saved = trainer.stepCount
            }
        }
        bar.finish()
        try save()
        if !output.json {
            Terminal.print("\(out): step \(trainer.stepCount) of \(recipe.steps), \(tokens) tokens read")
        }
    }

    /// What the objective `answering` draws from; nil where it has no share.
    private func trainingQuestions(_ recipe: CompressorRecipe, _ model: LanguageModel) throws -> TrainingQuestions? {
        guard recipe.answering > 0 else {
            guard questions.isEmpty else {
                throw CommandError("--questions: the recipe gives the objective 'answering' no share")
            }
            return nil
        }
        guard !questions.isEmpty else {
            throw CommandError("the recipe's objective 'answering' needs --questions FILE: questions about texts")
        }
        let sets = try questions.map { try QuestionSet(contentsOf: URL(filePath: $0)) }
        let most = recipe.questionedTokens
        let prompts = try PromptBuilder(recognizing: model.tokenizer)
        let asked = try TrainingQuestions(
            sets, maximumTokens: most, tokenizer: model.tokenizer, prompts: prompts)
        if asked.heldOut > 0 {
            Terminal.note(
                "\(asked.heldOut) questions are about texts that are kept for 'evaluate-compressor --held-out'")
        }
        if asked.omitted > 0 {
            Terminal.note(
                "\(asked.omitted) of \(asked.omitted + asked.count) questions were left out: their documents have more than "
                    + "\(most) tokens (the recipe's questionedSegments or segmentsPerSubstep)")
        }
        return asked
    }
}

/// The log of a run, a JSON line a step; steps after the checkpoint that a run goes on from are dropped.
private struct TrainingLogFile {
    struct Line: Codable {
        let step: Int
        let loss: Double
        /// By objective; none where an older version wrote the line
        let losses: [String: Double]?
        let gradientNorm: Double?
        let tokensPerSecond: Double?

        init(_ line: StepLine, _ step: CompressorTrainer.Step) {
            (self.step, loss, tokensPerSecond) = (line.step, line.loss, line.tokensPerSecond)
            losses = Dictionary(uniqueKeysWithValues: step.losses.map { ($0.rawValue, $1) })
            gradientNorm = step.gradientNorm
        }

        enum CodingKeys: String, CodingKey {
            case step, loss, losses
            case gradientNorm = "gradient_norm"
            case tokensPerSecond = "tokens_per_second"
        }
    }

    private let handle: FileHandle

    init(_ file: URL, keepingSteps steps: Int) throws {
        let kept = Self.lines(of: file).filter { $0.line.step <= steps }
        try kept.reduce(into: Data()) { $0 += $1.text + Data("\n".utf8) }.write(to: file, options: .atomic)
        handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
    }

    /// The steps that are logged: the loss, or one curve for each of several objectives.
    static func curves(in file: URL) -> [LossPlot.Curve] {
        let lines = lines(of: file).map(\.line)
        let objectives = CompressorTrainer.Objective.allCases.compactMap { objective -> LossPlot.Curve? in
            let losses = lines.compactMap { line in
                line.losses?[objective.rawValue].map { TrainingLoss(step: line.step, loss: $0) }
            }
            return losses.isEmpty ? nil : LossPlot.Curve(name: objective.rawValue, losses: losses)
        }
        let rest = objectives.count > 1 ? lines.filter { $0.losses == nil } : lines
        return (objectives.count > 1 ? objectives : [])
            + [LossPlot.Curve(name: "loss", losses: rest.map { TrainingLoss(step: $0.step, loss: $0.loss) })]
    }

    /// A log's lines; one that a kill cut short is none.
    private static func lines(of file: URL) -> [(text: Data, line: Line)] {
        let decoder = JSONDecoder()
        return (FileManager.default.contents(atPath: file.path) ?? Data()).split(separator: UInt8(ascii: "\n"))
            .compactMap { text in (try? decoder.decode(Line.self, from: text)).map { (text, $0) } }
    }

    func append(_ line: Line) throws {
        try handle.write(contentsOf: JSONLine.data(line))
    }
}
