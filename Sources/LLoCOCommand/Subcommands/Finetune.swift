import ArgumentParser
import Foundation
import LLoCO
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
import LLoCOServer
import LLoCOTorch
import LLoCOTraining

struct Finetune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a group's adapter on its documents' vectors.",
        usage: "lloco finetune --group <name> [--questions <file.jsonl>] [<options>]",
        discussion: """
              lloco finetune --group work --questions questions.jsonl
              lloco finetune --group work

            Questions are JSON Lines, gzipped or not, one line per document: {"id", "title", "questions": [{"id", \
            "question", "answers": ["..."]}]}. title or id is the document's name. The first answer is learned.

            Without --questions the model asks and answers questions about each passage, and learns to answer the \
            good ones from the vectors. 'lloco show DOC --study' prints them. The same command resumes an interrupted \
            run.

            \(HelpText.allOptions)
            """)

    @Option(help: ArgumentHelp("The group to train on.", valueName: "name"))
    var group: String

    @Option(
        help: ArgumentHelp(
            "Questions with answers about the group's documents.", valueName: "file.jsonl"))
    var questions: String?

    @Option(
        help: ArgumentHelp(
            "Without --questions: questions per passage. Default: the recipe's.", valueName: "n", visibility: .hidden))
    var studyPerPassage: Int?

    @Flag(
        help: ArgumentHelp(
            "Tune the documents' vectors too.",
            discussion: "The tuned vectors are stored beside the others and are read with this adapter only.",
            visibility: .hidden))
    var tuneVectors = false

    @Flag(help: ArgumentHelp("Start from a new adapter, not from the general one.", visibility: .hidden))
    var fromScratch = false

    @Option(
        help: ArgumentHelp(
            "Start from this adapter, not from the general one. Without --questions it is also the teacher.",
            discussion: """
                A folder in PEFT's layout, of the recipe's rank and alpha. It may have been trained on other vectors, \
                or elsewhere on text. Its own scale (rsLoRA, alpha_pattern) applies to its values.
                """,
            valueName: "dir", visibility: .hidden))
    var from: String?

    @OptionGroup var training: TrainingOptions

    @Option(help: ArgumentHelp("Passes over the questions. Default: the recipe's.", valueName: "n"))
    var epochs: Int?

    @Option(
        help: ArgumentHelp("Peak learning rate. Default: the recipe's.", valueName: "rate", visibility: .hidden))
    var learningRate: Double?

    @Option(
        help: ArgumentHelp(
            "Interval between checkpoints: the maximum that a killed run loses.", valueName: "seconds",
            visibility: .hidden))
    var saveEvery = 20.0

    @Option(
        help: ArgumentHelp(
            "Write the adapter to this folder too, in PEFT's layout.",
            discussion: "A folder in Adapters/ beside the program is the general adapter of groups without an adapter.",
            valueName: "dir", visibility: .hidden))
    var out: String?

    @Option(help: ArgumentHelp("Plot the loss by step to this file.", valueName: "file.svg"))
    var plot: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var jobOptions: JobOptions

    func validate() throws {
        if let epochs, epochs < 1 || epochs > 10_000 {
            throw ValidationError("--epochs \(epochs): expected 1 to 10000")
        }
        if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
            throw ValidationError("--learning-rate \(learningRate): expected more than 0")
        }
        if let studyPerPassage {
            guard 1...1000 ~= studyPerPassage else {
                throw ValidationError("--study-per-passage \(studyPerPassage): expected 1 to 1000")
            }
            guard questions == nil else {
                throw ValidationError("--study-per-passage: found with --questions, expected without")
            }
        }
        if tuneVectors, out != nil {
            throw ValidationError(
                "--out: an adapter for tuned vectors reads no others, expected no --tune-vectors")
        }
        if from != nil, fromScratch { throw ValidationError("--from and --from-scratch: found both, expected one") }
        guard saveEvery >= 0 else { throw ValidationError("--save-every \(saveEvery): expected 0 or more") }
    }

    private struct Result: Encodable {
        let adapter: String
        let steps: Int
        let loss: Double
    }

    func run() async throws {
        let job = jobOptions.report()
        let set = try questions.map { try QuestionSet(contentsOf: URL(filePath: $0), text: .optional) }
        if let out { try OutputFolder.check(out, option: "--out") }
        if let plot { try ReportFile.check(plot, option: "--plot") }
        let engine = try await loaded(for: library.open(for: .reading))
        var recipe = try training.recipe(for: engine.model.languageModel.configuration)
        if let epochs { recipe.finetuning.epochs = epochs }
        if let learningRate { recipe.finetuning.learningRate = learningRate }
        if fromScratch { recipe.finetuning.startsFromGeneral = false }
        if from != nil { recipe.finetuning.startsFromGeneral = true }
        if tuneVectors { recipe.finetuning.tunesVectors = true }
        if let studyPerPassage { recipe.study.questionsPerPassage = studyPerPassage }
        if recipe.finetuning.startsFromGeneral, let general = engine.model.generalAdapter {
            let name = from.map { "the adapter in \($0)" } ?? "the general adapter"
            let isStart = engine.model.startingAdapter(for: recipe.finetuning) != nil
            let ranks = general.ranks.map(String.init).joined(separator: ", ")
            let shapes =
                "\(name) has rank \(ranks) and alpha \(general.alpha.formatted()), the recipe "
                + "\(recipe.finetuning.rank) and \(recipe.finetuning.alpha.formatted())"
            guard isStart || from == nil else {
                throw CommandError(
                    "--from: \(shapes), expected the same, and the four attention projections of every layer alone"
                )
            }
            Terminal.note(isStart ? "training starts from \(name)" : "training starts from a new adapter: \(shapes)")
        }
        let library = engine.library(try library.open(for: .writing))
        var options = FinetuningOptions()
        options.recipe = recipe
        options.seed = self.engine.model.compute.seed
        options.checkpointing = training.gradientCheckpointing
        options.saveEvery = saveEvery
        let (study, bar) = (ProgressBar("studying"), ProgressBar("fine-tuning"))
        let result = try await library.finetune(group, on: set, options: options) { progress in
            switch progress {
            case .studying(let done, let total): study.update(done, of: total)
            case .studied(let summary):
                study.finish()
                // A study without a usable question throws, and the error says so.
                guard summary.kept > 0 else { return }
                Terminal.note(
                    "studied \(summary.passages) passages: kept \(summary.kept) of \(summary.asked) questions"
                )
            case .step(let step, let total, let speed):
                if let job {
                    try job.say(.step(step.step, of: total, loss: step.loss, tokensPerSecond: speed))
                } else if output.json {
                    try Terminal.json(StepLine(step: step.step, loss: step.loss, tokensPerSecond: speed))
                }
                bar.update(step.step, of: total, detail: String(format: "loss %.3f", step.loss))
            }
        }
        bar.finish()
        if let plot, let run = result.record.run {
            try LossPlot.write(
                [.init(name: "loss", losses: await library.store.losses(of: run))], title: "Fine-tuning group \(group)",
                to: plot)
        }
        if let out {
            try GeneralAdapter.write(result.checkpoint, reading: engine.model.vectorIdentity, to: URL(filePath: out))
        }
        if job != nil { return }
        if output.json {
            try Terminal.json(Result(adapter: result.record.digest, steps: result.steps, loss: result.loss))
        } else {
            Terminal.print(
                String(
                    format: "adapter %@ for group '%@': %d steps, loss %.3f", String(result.record.digest.prefix(12)),
                    group, result.steps, result.loss))
        }
    }

    /// The engine, with the adapter to start from.
    private func loaded(for library: SQLiteLibrary) async throws -> Engine {
        let engine = try await engine.engine(for: library, withEmbedder: false, withAdapter: from == nil)
        guard let from else { return engine }
        let model = try await engine.thread.run {
            try engine.model.with(GeneralAdapter(folder: URL(filePath: from), engine.model.languageModel.decoder))
        }
        return Engine(model, thread: engine.thread)
    }
}
