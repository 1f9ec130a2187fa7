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
        abstract: "Train a group's adapter, so that the model reads its documents' vectors well.",
        discussion: """
            Without questions the model studies: with a passage of a document before it, it asks and answers questions, and \
            learns to answer those that are good from the document's vectors as it does from the passage; 'lloco show DOC \
            --study' shows them.

            QUESTIONS is JSON Lines, gzipped or not, a line a document: {"id", "title", "questions": [{"id", "question", \
            "answers": ["..."]}]}; title or id is the document's name in the library, the first answer is learned. An \
            interrupted run goes on where it stopped when the same command is given again.
            """)

    @Option(help: ArgumentHelp("The group.", valueName: "name"))
    var group: String

    @Option(
        help: ArgumentHelp(
            "Questions with answers about the group's documents. Default: the model asks itself.",
            valueName: "file.jsonl"))
    var questions: String?

    @Option(
        help: ArgumentHelp(
            "Without --questions: how often the model asks about a passage; default: the recipe's.", valueName: "n"))
    var studyPerPassage: Int?

    @Flag(
        help: ArgumentHelp(
            "Tune the documents' vectors too.",
            discussion: "They take as much room once more, and are read with the adapter that they were tuned with."))
    var tuneVectors = false

    @Flag(help: "Begin with a fresh adapter, not with the general one that comes along.")
    var fromScratch = false

    @Option(
        help: ArgumentHelp(
            "Begin with this adapter in the general one's place; without --questions it teaches too.",
            discussion: """
                A folder in PEFT's layout, of the recipe's rank and alpha; trained on other vectors, or elsewhere on text, it \
                learns to read these. Its values are taken at the scale that it has (rsLoRA, alpha_pattern).
                """,
            valueName: "dir"))
    var from: String?

    @OptionGroup var training: TrainingOptions

    @Option(help: ArgumentHelp("How often to go through the questions; default: the recipe's.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("The peak learning rate; default: the recipe's.", valueName: "rate"))
    var learningRate: Double?

    @Option(help: ArgumentHelp("Save the run's state this often: a killed run loses no more.", valueName: "seconds"))
    var saveEvery = 20.0

    @Option(
        help: ArgumentHelp(
            "Write the adapter to this folder too, in PEFT's layout.",
            discussion: "In Adapters/ beside the program it serves every group without an adapter of its own.",
            valueName: "dir"))
    var out: String?

    @Option(help: ArgumentHelp("Draw the loss by step to this file.", valueName: "file.svg"))
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
                throw ValidationError("--study-per-passage is for a study, which --questions replaces")
            }
        }
        if tuneVectors, out != nil {
            throw ValidationError(
                "--out: an adapter that vectors are tuned with reads no others; leave --tune-vectors out")
        }
        if from != nil, fromScratch { throw ValidationError("--from and --from-scratch: leave one of them out") }
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
                    "--from: \(shapes); it needs these of the recipe, and attention's four projections in every layer alone"
                )
            }
            Terminal.note(isStart ? "training begins with \(name)" : "training begins anew: \(shapes)")
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
                // Where nothing came of it, the error says so.
                guard summary.kept > 0 else { return }
                Terminal.note(
                    "studied \(summary.passages) passages: \(summary.kept) of \(summary.asked) questions are learned from"
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

    /// The engine, with the adapter to begin with.
    private func loaded(for library: SQLiteLibrary) async throws -> Engine {
        let engine = try await engine.engine(for: library, withEmbedder: false, withAdapter: from == nil)
        guard let from else { return engine }
        let model = try await engine.thread.run {
            try engine.model.with(GeneralAdapter(folder: URL(filePath: from), engine.model.languageModel.decoder))
        }
        return Engine(model, thread: engine.thread)
    }
}
