import ArgumentParser
import Foundation
import LLoCODocuments
import LLoCOModels
import LLoCOTraining

struct TrainSelection: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn which positions each attention head keeps.",
        usage: "lloco train-selection --questions <file> ... --out <dir> [<options>]",
        discussion: """
              lloco train-selection --questions train.jsonl.gz --out mine
              lloco train-compressor --text corpus.jsonl.gz --from mine --out more

            Learns from questions with answers. The result is a compressor without an adapter: --compressor DIR uses \
            it, 'train-compressor --from DIR' trains an adapter on its vectors. A step is a forward pass over a whole \
            document and changes a few numbers per head.

            The same command resumes an interrupted run from the checkpoint in DIR. A run cannot be extended: its \
            schedule depends on the number of steps.

            \(HelpText.allOptions)
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Question sets with documents.", valueName: "file"))
    var questions: [String]

    @Option(help: ArgumentHelp("The compressor's folder.", valueName: "dir"))
    var out: String

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var length: RunLengthOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func compute() async throws {
        guard !questions.isEmpty else {
            throw CommandError("--questions: found no file, expected questions about texts")
        }
        try OutputFolder.check(out, option: "--out")
        let sets = try questions.map { try QuestionSet(contentsOf: URL(filePath: $0)) }
        let model = try model.load(exact: false)
        var recipe = try self.recipe.recipe(for: model.configuration).selection
        if let steps = length.steps { recipe.steps = steps }
        var run = SelectionTrainingRun(model: model, recipe: recipe, questions: sets, folder: URL(filePath: out))
        run.seed = self.model.compute.seed
        run.maximumSeconds = length.seconds
        let bar = ProgressBar("training")
        let outcome = try await Interruption.observed {
            try await run.run { event in
                if case .begun(let texts, _, let step) = event {
                    Terminal.note(
                        "\(texts) texts; \(run.recipe.steps) steps\(step > 0 ? ", from step \(step)" : "")")
                } else {
                    try CompressorProgress.show(
                        event, steps: run.recipe.steps, folder: run.folder, "Learning a selection", bar,
                        json: output.json)
                }
            }
        }
        bar.finish()
        if !output.json {
            Terminal.print("\(out): step \(outcome.steps) of \(recipe.steps), \(outcome.tokens) tokens read")
        }
    }
}
