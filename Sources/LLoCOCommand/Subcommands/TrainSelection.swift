import ArgumentParser
import Foundation
import LLoCODocuments
import LLoCOModels
import LLoCOTraining

struct TrainSelection: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn which positions of a text each head of a model keeps, from questions with answers.",
        discussion: """
            The result is a compressor that needs no adapter: '--compressor DIR' uses it, 'train-compressor --from DIR' trains \
            an adapter over what it keeps. A run reads each document whole, forward alone, and changes a few numbers a head. \
            An interrupted run goes on from its last checkpoint in DIR when the same command is given again; it cannot be \
            prolonged, since all of it follows from the number of steps.
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Question sets with their documents' texts.", valueName: "file"))
    var questions: [String]

    @Option(help: ArgumentHelp("The compressor's folder.", valueName: "dir"))
    var out: String

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var length: RunLengthOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func compute() async throws {
        guard !questions.isEmpty else { throw CommandError("--questions FILE is missing: questions about texts") }
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
                        "\(texts) texts; \(run.recipe.steps) steps\(step > 0 ? ", from step \(step) on" : "")")
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
