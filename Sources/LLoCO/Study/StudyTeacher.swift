import Checkpoints
import Foundation
import Models
import Tokenizers
import Torch

/// Answers questions about a passage that it has before it.
package protocol StudyTeaching {
    /// The passage that the next questions are about.
    func read(_ passage: String) throws
    /// A brief answer; nil where it comes to no end.
    func answer(_ question: String) throws -> String?
    /// What it holds likely at each token of an answer, this one given.
    func targets(_ question: String, answer: String) throws -> TeacherTargets
}

/// The model with a passage in its context: with the general adapter, which has learned to answer briefly, or after
/// examples of brief answers.
final class StudyTeacher: StudyTeaching {
    private let model: LanguageModel
    private let prompts: PromptBuilder
    private let history: [ChatMessage]
    private let reading: SharedReading
    private let width: Int
    private var passage: [Int] = []

    /// An answer has fewer tokens.
    private static let longest = 64

    init(_ engine: Engine, recipe: StudyRecipe) throws {
        model = engine.model
        prompts = try engine.prompts
        width = min(recipe.teacherTokens, engine.model.configuration.vocabularySize)
        if let general = engine.generalAdapter {
            history = []
            reading = SharedReading(
                model.decoder, adapters: ActiveAdapters(engine.compressor.readingAdapters.list + [general.reader]))
        } else {
            history = StudyExample.all.flatMap { example in
                example.questions.flatMap { question, answer in
                    [
                        ChatMessage(.user, PromptBuilder.question(question, from: example.text)),
                        ChatMessage(.assistant, answer),
                    ]
                }
            }
            reading = SharedReading(model.decoder)
        }
        try reading.hold(shared { try prompt($0, passage: prompts.text($0)) }, level: 0)
    }

    func read(_ passage: String) throws {
        self.passage = prompts.text(passage)
        try reading.hold(shared { try prompt($0) }, level: 1)
    }

    func answer(_ question: String) throws -> String? {
        let (cache, rest) = try reading.begin(prompt(question))
        let answered = try model.generate(
            model.decoder.embed(rest), cache: cache,
            options: GenerationOptions(maximumTokens: Self.longest, stopStrings: ["\n"]), adapters: reading.adapters)
        guard answered.end == .endToken || answered.end == .stopString else { return nil }
        return answered.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func targets(_ question: String, answer: String) throws -> TeacherTargets {
        let (cache, rest) = try reading.begin(prompt(question))
        let ids = try prompts.answer(answer)
        return try withoutGradients {
            let hidden = try model.decoder.hiddenStates(
                model.decoder.embed(rest + ids.dropLast()), cache: cache, adapters: reading.adapters, last: ids.count)
            let best = try model.decoder.logits(hidden[0]).to(.float32).top(width)
            return TeacherTargets(
                answer: ids, width: width,
                tokens: try best.indices.to(device: .cpu).array(of: Int64.self).map { Int32(truncatingIfNeeded: $0) },
                shares: try best.values.softmax(-1).to(device: .cpu).array(of: Float.self))
        }
    }

    private func prompt(_ question: String, passage: [Int]? = nil) throws -> [Int] {
        try prompts.prompt(question: question, context: passage ?? self.passage, history: history)
    }

    /// What two prompts begin with, whatever is asked.
    private func shared(_ prompt: (_ question: String) throws -> [Int]) throws -> [Int] {
        zip(try prompt("a"), try prompt("9")).prefix { $0 == $1 }.map(\.0)
    }
}
