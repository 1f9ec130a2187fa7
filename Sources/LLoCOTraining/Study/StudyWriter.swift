import Foundation
import LLoCOModels

/// Generates questions about an excerpt of a passage, and their answers.
package protocol StudyWriting {
    /// Generates a question and its answer.
    ///
    /// - Parameters:
    ///   - opening: the first words of the question
    ///   - seed: the sampling seed
    func write(about excerpt: String, opening: String, seed: UInt64) throws -> (question: String, answer: String)
}

/// Generates questions with a few-shot prompt. Successive questions about one excerpt share its prefill.
final class StudyWriter: StudyWriting {
    private let model: LanguageModel
    private let recipe: StudyRecipe
    private let script: StudyScript
    private let prefixes: PrefixCache
    private var excerpt: String?

    /// Maximum number of generated tokens of a question and its answer
    private static let maximumTokens = 72

    init(_ model: LanguageModel, recipe: StudyRecipe) throws {
        self.model = model
        self.recipe = recipe
        script = StudyScript(try model.tokenizer, window: model.window)
        prefixes = PrefixCache(model.decoder)
        try prefixes.setPrefix(script.ids(), level: 0)
    }

    func write(about excerpt: String, opening: String, seed: UInt64) throws -> (question: String, answer: String) {
        if excerpt != self.excerpt {
            try prefixes.setPrefix(script.ids(about: excerpt), level: 1)
            self.excerpt = excerpt
        }
        let (cache, rest) = try prefixes.prepare(script.ids(about: excerpt, question: opening))
        let options = GenerationOptions(
            maximumTokens: Self.maximumTokens,
            sampling: try SamplingOptions(temperature: recipe.temperature, topP: recipe.topP, seed: seed),
            stopStrings: ["\n\n", "\nQuestion:", "\nText:"])
        let written = try model.generate(
            model.decoder.embed(rest), cache: cache, options: options, adapters: prefixes.adapters)
        let parts = (opening + written.text).split(separator: "\nAnswer:", maxSplits: 1)
        func trimmed(_ index: Int) -> String {
            index < parts.count ? parts[index].trimmingCharacters(in: .whitespacesAndNewlines) : ""
        }
        return (trimmed(0), trimmed(1))
    }
}
