import ArgumentParser
import Foundation
import LLoCO
import Models

struct Finetune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a group's adapter, so that the model reads its documents' vectors well.",
        discussion: """
            QUESTIONS is JSON Lines, gzipped or not, a line a document: {"id", "title", "questions": [{"id", "question", \
            "answers": ["..."]}]}; title or id is the document's name in the library. An interrupted run goes on where it \
            stopped when the same command is given again.
            """)

    @Option(help: ArgumentHelp("The group.", valueName: "name"))
    var group: String

    @Option(help: ArgumentHelp("Questions with answers about the group's documents.", valueName: "file.jsonl"))
    var questions: String?

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
        guard saveEvery >= 0 else { throw ValidationError("--save-every \(saveEvery): expected 0 or more") }
    }

    private struct Result: Encodable {
        let adapter: String
        let steps: Int
        let loss: Double
    }

    func run() throws {
        guard let questions else {
            throw CommandError("--questions FILE.jsonl is missing: questions with answers about the group's documents")
        }
        let set = try QuestionSet(contentsOf: URL(filePath: questions), text: .optional)
        _ = try library.open(for: .reading)
        let engine = try engine.load(withEmbedder: false)
        var recipe = try training.recipe(for: engine.model.configuration).finetuning
        if let epochs { recipe.epochs = epochs }
        if let learningRate { recipe.learningRate = learningRate }
        let library = try library.open(for: .writing)
        let bar = ProgressBar("fine-tuning")
        let result = try engine.finetune(
            group: group, questions: set, recipe: recipe, seed: self.engine.model.compute.seed, in: library,
            checkpointing: training.gradientCheckpointing, saveEvery: saveEvery
        ) { step, total, speed in
            if output.json {
                try Terminal.json(StepLine(step: step.step, loss: step.loss, tokensPerSecond: speed))
            }
            bar.update(step.step, of: total, detail: String(format: "loss %.3f", step.loss))
        }
        bar.finish()
        if let plot, let run = result.record.run {
            try LossPlot.write(library.losses(of: run), title: "Fine-tuning group \(group)", to: plot)
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
}
