public import ArgumentParser
import Foundation
import LLoCO
import LLoCOCheckpoints
public import LLoCOTraining

struct TrainingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A recipe file with hyperparameters, JSON with comments.",
            discussion: "Default: the one in Recipes/ made for the model, else the published values.",
            valueName: "file"))
    var recipe: String?

    @Option(
        help: ArgumentHelp(
            "Compute layers once more instead of keeping what gradients need: some 15 % slower, for about half of the memory.",
            discussion: "auto does so on a CPU where a step would otherwise take more than half of the memory.",
            valueName: GradientCheckpointing.allCases.map(\.rawValue).joined(separator: "|")))
    var gradientCheckpointing = GradientCheckpointing.automatic

    func recipe(for model: LlamaConfiguration) throws -> Recipe { try Self.recipe(recipe, for: model) }

    /// The recipe in a file, or the one that comes along for a model.
    static func recipe(_ file: String?, for model: LlamaConfiguration) throws -> Recipe {
        if let file { return try Recipe(contentsOf: URL(filePath: file)) }
        return try Installation.recipe(for: model)
    }
}

extension GradientCheckpointing: ExpressibleByArgument {}
