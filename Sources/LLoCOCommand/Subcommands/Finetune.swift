import ArgumentParser
import Foundation
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
import LLoCOTorch
import LLoCOTraining

struct Finetune: ParsableCommand {
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
                A folder in PEFT's layout, of the recipe's rank and alpha; trained on other vectors, it learns to read these.
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

    func run() throws {
        let set = try questions.map { try QuestionSet(contentsOf: URL(filePath: $0), text: .optional) }
        if let out { try OutputFolder.check(out, option: "--out") }
        if let plot { try ReportFile.check(plot, option: "--plot") }
        _ = try library.open(for: .reading)
        var engine = try engine.load(withEmbedder: false, withAdapter: from == nil)
        if let from { engine = try engine.with(GeneralAdapter(folder: URL(filePath: from), engine.model.decoder)) }
        var recipe = try training.recipe(for: engine.model.configuration)
        if let epochs { recipe.finetuning.epochs = epochs }
        if let learningRate { recipe.finetuning.learningRate = learningRate }
        if fromScratch { recipe.finetuning.startsFromGeneral = false }
        if from != nil { recipe.finetuning.startsFromGeneral = true }
        if tuneVectors { recipe.finetuning.tunesVectors = true }
        if let studyPerPassage { recipe.study.questionsPerPassage = studyPerPassage }
        if recipe.finetuning.startsFromGeneral, let general = engine.generalAdapter {
            let name = from.map { "the adapter in \($0)" } ?? "the general adapter"
            let isStart = engine.startingAdapter(for: recipe.finetuning) != nil
            let shapes =
                "\(name) has rank \(general.rank) and alpha \(general.alpha.formatted()), the recipe "
                + "\(recipe.finetuning.rank) and \(recipe.finetuning.alpha.formatted())"
            guard isStart || from == nil else {
                throw CommandError(
                    "--from: \(shapes); it needs these of the recipe, and all of attention's projections in every layer"
                )
            }
            Terminal.note(isStart ? "training begins with \(name)" : "training begins anew: \(shapes)")
        }
        let library = try library.open(for: .writing)
        let seed = self.engine.model.compute.seed
        let bar = ProgressBar("fine-tuning")
        func told(_ step: Finetuner.Step, _ total: Int, _ speed: Double) throws {
            if output.json {
                try Terminal.json(StepLine(step: step.step, loss: step.loss, tokensPerSecond: speed))
            }
            bar.update(step.step, of: total, detail: String(format: "loss %.3f", step.loss))
        }
        let result: FinetunedAdapter
        if let set {
            result = try engine.finetune(
                group: group, questions: set, recipe: recipe.finetuning, seed: seed, in: library,
                checkpointing: training.gradientCheckpointing, saveEvery: saveEvery, onStep: told)
        } else {
            try study(engine, recipe.study, seed: seed, in: library)
            result = try engine.finetune(
                group: group, study: engine.studyIdentity(recipe.study, seed: seed), recipe: recipe.finetuning,
                seed: seed, in: library, checkpointing: training.gradientCheckpointing, saveEvery: saveEvery,
                onStep: told)
        }
        bar.finish()
        if let plot, let run = result.record.run {
            try LossPlot.write(
                [.init(name: "loss", losses: library.losses(of: run))], title: "Fine-tuning group \(group)", to: plot)
        }
        if let out {
            try GeneralAdapter.write(result.checkpoint, reading: engine.vectorIdentity, to: URL(filePath: out))
        }
        if output.json {
            try Terminal.json(Result(adapter: result.record.digest, steps: result.steps, loss: result.loss))
        } else {
            Terminal.print(
                String(
                    format: "adapter %@ for group '%@': %d steps, loss %.3f", String(result.record.digest.prefix(12)),
                    group, result.steps, result.loss))
        }
    }

    private func study(_ engine: LoadedModel, _ recipe: StudyRecipe, seed: UInt64, in library: SQLiteLibrary) throws {
        let bar = ProgressBar("studying")
        let summary = try engine.study(group: group, recipe: recipe, seed: seed, in: library) { done, total in
            bar.update(done, of: total)
        }
        bar.finish()
        // Where nothing came of it, the error says so.
        guard summary.kept > 0 else { return }
        Terminal.note(
            "studied \(summary.passages) passages: \(summary.kept) of \(summary.asked) questions are learned from")
    }
}
