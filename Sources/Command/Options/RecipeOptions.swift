import ArgumentParser
import Checkpoints
import Foundation
import LLoCO

struct RecipeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A recipe file with hyperparameters, JSON with comments.",
            discussion: "Default: the one in Recipes/ made for the model, else the published values.",
            valueName: "file"))
    var recipe: String?

    func load(for model: LlamaConfiguration) throws -> Recipe {
        if let recipe { return try Recipe(contentsOf: URL(filePath: recipe)) }
        for file in Installation.recipes {
            let recipe = try Recipe(contentsOf: file)
            if recipe.appliesTo.matches(model) { return recipe }
        }
        return Recipe()
    }
}
