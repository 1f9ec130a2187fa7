import Foundation
import LLoCOModels

/// Asks questions about an excerpt of a passage, and answers them.
package protocol StudyWriting {
    /// - Parameters:
    ///   - opening: the words that the question begins with
    ///   - seed: decides what is drawn
    func write(about excerpt: String, opening: String, seed: UInt64) throws -> (question: String, answer: String)
}

/// The model asks in the manner of the examples that it continues. The excerpt is read once for all questions about it
/// that follow each other.
final class StudyWriter: StudyWriting {
    private let model: LanguageModel
    private let recipe: StudyRecipe
    private let script: StudyScript
    private let reading: SharedReading
    private var excerpt: String?

    /// A question and its answer have fewer tokens.
    private static let longest = 72

    init(_ model: LanguageModel, recipe: StudyRecipe) throws {
        self.model = model
        self.recipe = recipe
        script = StudyScript(try model.tokenizer, window: model.window)
        reading = SharedReading(model.decoder)
        try reading.hold(script.ids(), level: 0)
    }

    func write(about excerpt: String, opening: String, seed: UInt64) throws -> (question: String, answer: String) {
        if excerpt != self.excerpt {
            try reading.hold(script.ids(about: excerpt), level: 1)
            self.excerpt = excerpt
        }
        let (cache, rest) = try reading.begin(script.ids(about: excerpt, question: opening))
        let options = GenerationOptions(
            maximumTokens: Self.longest,
            sampling: try SamplingOptions(temperature: recipe.temperature, topP: recipe.topP, seed: seed),
            stopStrings: ["\n\n", "\nQuestion:", "\nText:"])
        let written = try model.generate(
            model.decoder.embed(rest), cache: cache, options: options, adapters: reading.adapters)
        let parts = (opening + written.text).split(separator: "\nAnswer:", maxSplits: 1)
        func trimmed(_ index: Int) -> String {
            index < parts.count ? parts[index].trimmingCharacters(in: .whitespacesAndNewlines) : ""
        }
        return (trimmed(0), trimmed(1))
    }
}
