import Foundation
import Models
import Tokenizers

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
    private let tokenizer: any Tokenizer
    private let recipe: StudyRecipe
    private let examples: String
    private let reading: SharedReading
    private var excerpt: String?

    /// A question and its answer have fewer tokens.
    private static let longest = 72

    init(_ model: LanguageModel, recipe: StudyRecipe) throws {
        self.model = model
        self.recipe = recipe
        tokenizer = try model.tokenizer
        examples = StudyExample.all.map { example in
            Self.text(example.text) + example.questions.map { "Question: \($0)\nAnswer: \($1)\n" }.joined() + "\n"
        }.joined()
        reading = SharedReading(model.decoder)
        try reading.hold(ids(examples), level: 0)
    }

    func write(about excerpt: String, opening: String, seed: UInt64) throws -> (question: String, answer: String) {
        let before = examples + Self.text(excerpt)
        if excerpt != self.excerpt {
            try reading.hold(ids(before), level: 1)
            self.excerpt = excerpt
        }
        let (cache, rest) = try reading.begin(ids(before + "Question: " + opening))
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

    private static func text(_ text: String) -> String { "Text: \(text)\n" }

    private func ids(_ text: String) -> [Int] {
        let start = tokenizer.addsBeginningOfText ? tokenizer.beginningOfText.map { [$0] } ?? [] : []
        return start + tokenizer.encode(text, special: .asText)
    }
}
