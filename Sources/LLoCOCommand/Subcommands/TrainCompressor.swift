import ArgumentParser
import Foundation
import LLoCODocuments
import LLoCOModels
import LLoCOTraining

struct TrainCompressor: ComputingCommand {
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
            discussion:
                "A folder that this command wrote for the model, with a recipe of the same kind; or 'train-selection'.",
            valueName: "dir"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "An adapter that answers are read with, in the objective 'answering'.",
            discussion: """
                A folder in PEFT's layout. The vectors are trained to suit this adapter. It is not changed, unless the recipe \
                has a readerRank: training starts from it then, and trains it too.
                """,
            valueName: "dir"))
    var reader: String?

    @OptionGroup var training: TrainingOptions

    @OptionGroup var length: RunLengthOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func compute() async throws {
        guard !text.isEmpty else { throw CommandError("--text FILE is missing: texts to train on") }
        try OutputFolder.check(out, option: "--out")
        let corpus = try TrainingCorpus(contentsOf: text.map { URL(filePath: $0) })
        if !corpus.heldOut.isEmpty {
            Terminal.note(
                "\(corpus.heldOut.count) of \(corpus.count) texts are kept for 'evaluate-compressor --held-out'")
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

    /// Refuses what the recipe has no use for, and asks for what it needs.
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
                "\(count) of \(total) texts were left out: shorter than \(minimumBytes) bytes, too little for a row of "
                    + "\(recipe.rowTokens) tokens")
        case .begun(let texts, let bytes, let step):
            Terminal.note(
                "\(texts) texts, \(bytes / 1_000_000) MB; \(recipe.steps) steps of \(recipe.batchRows) "
                    + "rows of \(recipe.rowTokens) tokens\(step > 0 ? ", from step \(step) on" : "")")
        default:
            try CompressorProgress.show(
                event, steps: recipe.steps, folder: run.folder, "Training a compressor", bar, json: output.json)
        }
    }
}
