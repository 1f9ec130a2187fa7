public import ArgumentParser
import Foundation
import LLoCO
import LLoCOCheckpoints
public import LLoCOTraining

/// The hyperparameters of a training run.
struct RecipeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Hyperparameters, JSON with comments. Default: the model's file in Recipes/, else published values.",
            valueName: "file"))
    var recipe: String?

    func recipe(for model: LlamaConfiguration) throws -> Recipe {
        if let recipe = self.recipe { return try Recipe(contentsOf: URL(filePath: recipe)) }
        return try Installation.recipe(for: model)
    }
}

/// The length of a resumable run.
struct RunLengthOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Total number of steps. Default: the recipe's.", valueName: "n"))
    var steps: Int?

    @Option(help: ArgumentHelp("Stop after n minutes with a checkpoint to resume.", valueName: "n"))
    var minutes: Double?

    var seconds: Double? { minutes.map { $0 * 60 } }

    func validate() throws {
        if let steps, steps < 1 { throw ValidationError("--steps \(steps): expected 1 or more") }
        if let minutes, !(minutes > 0) { throw ValidationError("--minutes \(minutes): expected more than 0") }
    }
}

/// The hyperparameters of a training run that keeps activations for gradients.
struct TrainingOptions: ParsableArguments {
    @OptionGroup var recipe: RecipeOptions

    @Option(
        help: ArgumentHelp(
            "Recompute activations in the backward pass: about 15 % slower, half the memory.",
            discussion: "auto does so on a CPU for a step that would otherwise take more than half of the memory.",
            valueName: GradientCheckpointing.allCases.map(\.rawValue).joined(separator: "|"), visibility: .hidden))
    var gradientCheckpointing = GradientCheckpointing.automatic

    func recipe(for model: LlamaConfiguration) throws -> Recipe { try recipe.recipe(for: model) }
}

extension GradientCheckpointing: ExpressibleByArgument {}
