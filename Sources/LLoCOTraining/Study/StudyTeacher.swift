import Foundation
import LLoCOCheckpoints
package import LLoCOCompression
package import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// Answers questions about a passage that it has before it.
package protocol StudyTeaching {
    /// The passage that the next questions are about.
    func read(_ passage: String) throws
    /// A brief answer; nil where it comes to no end.
    func answer(_ question: String) throws -> String?
    /// What it holds likely at each token of an answer, this one given.
    func targets(_ question: String, answer: String) throws -> TeacherTargets
}

/// The model with a passage in its context: with the general adapter, which has learned to answer briefly, or in the manner
/// of examples that answer briefly.
package final class StudyTeacher: StudyTeaching {
    private let model: LanguageModel
    private let tokenizer: any Tokenizer
    private let prompts: PromptBuilder
    private let reading: SharedReading
    private let width: Int
    /// A question about a passage as this teacher reads it, with an answer as far as it goes
    private let prompt: (_ passage: String, _ question: String, _ answer: String) throws -> [Int]
    private var passage = ""

    /// An answer has fewer tokens.
    private static let longest = 64

    package init(_ loaded: LoadedModel, recipe: StudyRecipe) throws {
        model = loaded.languageModel
        let (tokenizer, prompts) = (try loaded.languageModel.tokenizer, try loaded.prompts)
        self.tokenizer = tokenizer
        self.prompts = prompts
        width = min(recipe.teacherTokens, loaded.languageModel.configuration.vocabularySize)
        if let general = loaded.generalAdapter {
            reading = SharedReading(
                model.decoder, adapters: ActiveAdapters(try loaded.compressor.readingAdapters.list + [general.reader]))
            prompt = { passage, question, answer in
                try prompts.prompt(question: question, context: prompts.text(passage))
                    + (answer.isEmpty ? [] : prompts.answer(answer).dropLast())
            }
        } else {
            reading = SharedReading(model.decoder)
            let script = StudyScript(tokenizer, window: loaded.languageModel.window)
            prompt = { script.ids(about: $0, question: $1, answer: $2) }
        }
        try reading.hold(shared { try prompt($0, $0, "") }, level: 0)
    }

    package func read(_ passage: String) throws {
        self.passage = passage
        try reading.hold(shared { try prompt(passage, $0, "") }, level: 1)
    }

    package func answer(_ question: String) throws -> String? {
        let (cache, rest) = try reading.begin(prompt(passage, question, ""))
        let answered = try model.generate(
            model.decoder.embed(rest), cache: cache,
            options: GenerationOptions(maximumTokens: Self.longest, stopStrings: ["\n"]), adapters: reading.adapters)
        guard answered.end == .endToken || answered.end == .stopString else { return nil }
        return answered.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    package func targets(_ question: String, answer: String) throws -> TeacherTargets {
        let asked = try prompt(passage, question, "")
        let whole = try prompt(passage, question, answer)
        // The question's last token predicts the answer's first.
        let own = Array(whole[zip(asked, whole).prefix { $0 == $1 }.count...])
        let learned = try prompts.answer(answer)
        let rows = try rows(of: whole, last: own.count + 1)
        let same = zip(own.reversed(), learned.dropLast().reversed()).prefix { $0 == $1 }.count
        var likely: [[(token: Int, share: Float)]] = []
        for index in learned.indices.dropLast(same + 1) {
            // Before the tokens that both have: "he" for " he" where it is one, else what was said is all that is known.
            let isFirstWord = learned.count - 1 - same == 1 && own.count - same == 1
            likely.append(isFirstWord ? rows[0].map { (unspaced($0.token), $0.share) } : [(learned[index], Float(1))])
        }
        likely += rows.suffix(same + 1)
        let kept = likely.map { merged($0, end: learned[learned.count - 1]) }
        return TeacherTargets(
            answer: learned, width: width, tokens: kept.flatMap(\.tokens), shares: kept.flatMap(\.shares))
    }

    /// The likeliest tokens after each of the last positions of a prompt.
    private func rows(of prompt: [Int], last: Int) throws -> [[(token: Int, share: Float)]] {
        // More than are kept: several of them may come to one.
        let count = min(2 * width, model.configuration.vocabularySize)
        let (cache, rest) = try reading.begin(prompt, last: last)
        return try withoutGradients {
            let hidden = try model.decoder.hiddenStates(
                model.decoder.embed(rest), cache: cache, adapters: reading.adapters, last: last)
            let best = try model.decoder.logits(hidden[0]).to(.float32).top(count)
            let tokens = try best.indices.to(device: .cpu).array(of: Int64.self)
            let shares = try best.values.softmax(-1).to(device: .cpu).array(of: Float.self)
            return (0..<last).map { row in
                (row * count..<(row + 1) * count).map { (Int(tokens[$0]), shares[$0]) }
            }
        }
    }

    /// The K likeliest of a position, those that end the answer as the one token that ends it where it is learned.
    private func merged(
        _ row: [(token: Int, share: Float)], end: Int
    ) -> (tokens: [Int32], shares: [Float]) {
        var shares: [Int: Float] = [:]
        for (token, share) in row { shares[endsLine(token) ? end : token, default: 0] += share }
        var best = shares.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(width).map { ($0.key, $0.value) }
        // A row has K tokens, the last of no share where the model has no more.
        var other = 0
        while best.count < width {
            if shares[other] == nil { best.append((other, 0)) }
            other += 1
        }
        let sum = best.reduce(0) { $0 + $1.1 }
        return (best.map { Int32(truncatingIfNeeded: $0.0) }, best.map { $0.1 / sum })
    }

    private func endsLine(_ token: Int) -> Bool {
        tokenizer.endTokens.contains(token) || tokenizer.bytes(of: token).first == UInt8(ascii: "\n")
    }

    /// What a token that begins with a space is without, as far as one token goes.
    private func unspaced(_ token: Int) -> Int {
        let text = tokenizer.decode([token], skippingSpecial: false)
        guard text.count > 1, text.first == " " else { return token }
        return tokenizer.encode(String(text.dropFirst()), special: .asText).first ?? token
    }

    /// What two prompts begin with, whatever is asked.
    private func shared(_ prompt: (_ question: String) throws -> [Int]) throws -> [Int] {
        zip(try prompt("a"), try prompt("9")).prefix { $0 == $1 }.map(\.0)
    }
}
