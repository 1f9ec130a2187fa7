import ArgumentParser
import Foundation
import LLoCODocuments
import LLoCOModels
import LLoCOTraining

struct TrainCompressor: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a compressor for a model.",
        usage: "lloco train-compressor --text <file> ... --out <dir> [<options>]",
        discussion: """
              lloco train-compressor --text corpus.jsonl.gz --out mine --minutes 60
              lloco add book.txt --compressor mine

            A compressor is a LoRA adapter, with summary embeddings if the recipe has them. Texts are plain files, or \
            JSON Lines with a field "text" or "document", gzipped or not. Of 100 or more, 1 in 20 is held out for \
            'evaluate-compressor --held-out'.

            The same command resumes an interrupted run from the checkpoint in DIR. The losses of each step are \
            written to DIR/training.jsonl and plotted in DIR/training.svg.

            \(HelpText.allOptions)
            """)

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Texts to train on.", valueName: "file"))
    var text: [String]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Question sets with documents, for the objective 'answering'.", valueName: "file"))
    var questions: [String] = []

    @Option(help: ArgumentHelp("The compressor's folder.", valueName: "dir"))
    var out: String

    @Option(
        help: ArgumentHelp(
            "Start from this compressor's weights.",
            discussion:
                "A folder that this command wrote for the model, with a recipe of the same kind, or 'train-selection'.",
            valueName: "dir", visibility: .hidden))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "The initial adapter of the answering model, for the objective 'answering'.",
            discussion: """
                A folder in PEFT's layout. The vectors are trained to suit it. It stays unchanged without a \
                readerRank in the recipe; with one, training starts from it and trains it too.
                """,
            valueName: "dir", visibility: .hidden))
    var reader: String?

    @OptionGroup var training: TrainingOptions

    @OptionGroup var length: RunLengthOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func compute() async throws {
        guard !text.isEmpty else { throw CommandError("--text: found no file, expected texts to train on") }
        try OutputFolder.check(out, option: "--out")
        let corpus = try TrainingCorpus(contentsOf: text.map { URL(filePath: $0) })
        if !corpus.heldOut.isEmpty {
            Terminal.note(
                "\(corpus.heldOut.count) of \(corpus.count) texts are held out for 'evaluate-compressor --held-out'")
        }
        let model = try model.load(exact: false)
        var recipe = try training.recipe(for: model.configuration).compressor
        if let steps = length.steps { recipe.steps = steps }
        try checkAnswering(recipe)
        var run = CompressorTrainingRun(model: model, recipe: recipe, corpus: corpus, folder: URL(filePath: out))
        run.questions = try questions.map { try QuestionSet(contentsOf: URL(filePath: $0)) }
        run.start = from.map { URL(filePath: $0) }
        run.reader = reader.map { URL(filePath: $0) }
        run.seed = self.model.compute.seed
        run.checkpointing = training.gradientCheckpointing
        run.maximumSeconds = length.seconds
        let bar = ProgressBar("training")
        let outcome = try await Interruption.observed { try await run.run { try show($0, of: run, bar) } }
        bar.finish()
        if !output.json {
            Terminal.print("\(out): step \(outcome.steps) of \(recipe.steps), \(outcome.tokens) tokens read")
        }
    }

    /// Checks the options of the objective 'answering' against the recipe.
    private func checkAnswering(_ recipe: CompressorRecipe) throws {
        for (option, isGiven) in [("--reader", reader != nil), ("--questions", !questions.isEmpty)]
        where isGiven && recipe.answering <= 0 {
            throw CommandError("\(option): the recipe gives the objective 'answering' no share")
        }
        guard recipe.answering <= 0 || !questions.isEmpty else {
            throw CommandError("the recipe's objective 'answering' needs --questions FILE: questions about texts")
        }
    }

    private func show(
        _ event: CompressorTrainingRun.Event, of run: CompressorTrainingRun, _ bar: ProgressBar
    ) throws {
        let recipe = run.recipe
        switch event {
        case .textsOmitted(let count, let total, let minimumBytes):
            Terminal.note(
                "\(count) of \(total) texts were left out: shorter than \(minimumBytes) bytes, too short for a row of "
                    + "\(recipe.rowTokens) tokens")
        case .begun(let texts, let bytes, let step):
            Terminal.note(
                "\(texts) texts, \(bytes / 1_000_000) MB; \(recipe.steps) steps of \(recipe.batchRows) "
                    + "rows of \(recipe.rowTokens) tokens\(step > 0 ? ", from step \(step)" : "")")
        default:
            try CompressorProgress.show(
                event, steps: recipe.steps, folder: run.folder, "Training a compressor", bar, json: output.json)
        }
    }
}
