public import ArgumentParser
import Foundation
import LLoCO
import LLoCOCheckpoints
public import LLoCOTraining

struct RecipeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A recipe file with hyperparameters, JSON with comments.",
            discussion: "Default: the one in Recipes/ made for the model, else the published values.",
            valueName: "file"))
    var recipe: String?

    func recipe(for model: LlamaConfiguration) throws -> Recipe {
        if let recipe = self.recipe { return try Recipe(contentsOf: URL(filePath: recipe)) }
        return try Installation.recipe(for: model)
    }
}

/// How long a run that can be interrupted goes on.
struct RunLengthOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Steps in all; default: the recipe's.", valueName: "n"))
    var steps: Int?

    @Option(help: ArgumentHelp("Stop after n minutes, with a checkpoint to go on from.", valueName: "n"))
    var minutes: Double?

    var seconds: Double? { minutes.map { $0 * 60 } }

    func validate() throws {
        if let steps, steps < 1 { throw ValidationError("--steps \(steps): expected 1 or more") }
        if let minutes, !(minutes > 0) { throw ValidationError("--minutes \(minutes): expected more than 0") }
    }
}

struct TrainingOptions: ParsableArguments {
    @OptionGroup var recipe: RecipeOptions

    @Option(
        help: ArgumentHelp(
            "Compute layers once more instead of keeping what gradients need: some 15 % slower, for about half of the memory.",
            discussion: "auto does so on a CPU where a step would otherwise take more than half of the memory.",
            valueName: GradientCheckpointing.allCases.map(\.rawValue).joined(separator: "|")))
    var gradientCheckpointing = GradientCheckpointing.automatic

    func recipe(for model: LlamaConfiguration) throws -> Recipe { try recipe.recipe(for: model) }
}

extension GradientCheckpointing: ExpressibleByArgument {}
