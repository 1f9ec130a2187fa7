import Foundation
import LLoCOCheckpoints
package import LLoCOCompression
package import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// Answers questions about a passage in its context.
package protocol StudyTeaching {
    /// Sets the passage of the next questions.
    func prefill(_ passage: String) throws
    /// A brief answer; nil if generation reaches the maximum length.
    func answer(_ question: String) throws -> String?
    /// The teacher's probabilities at each token of an answer.
    func targets(_ question: String, answer: String) throws -> TeacherTargets
}

/// The model with a passage in its context. It answers briefly because of the general adapter, or without one because
/// of few-shot examples.
package final class StudyTeacher: StudyTeaching {
    private let model: LanguageModel
    private let tokenizer: any Tokenizer
    private let prompts: PromptBuilder
    private let prefixes: PrefixCache
    private let width: Int
    /// Token ids of this teacher's prompt, with an answer or the beginning of one
    private let prompt: (_ passage: String, _ question: String, _ answer: String) throws -> [Int]
    private var passage = ""

    /// Maximum number of generated tokens
    private static let maximumTokens = 64

    package init(_ loaded: LoadedModel, recipe: StudyRecipe) throws {
        model = loaded.languageModel
        let (tokenizer, prompts) = (try loaded.languageModel.tokenizer, try loaded.prompts)
        self.tokenizer = tokenizer
        self.prompts = prompts
        width = min(recipe.teacherTokens, loaded.languageModel.configuration.vocabularySize)
        if let general = loaded.generalAdapter {
            prefixes = PrefixCache(
                model.decoder, adapters: ActiveAdapters(try loaded.compressor.readingAdapters.list + [general.reader]))
            prompt = { passage, question, answer in
                try prompts.prompt(question: question, context: prompts.text(passage))
                    + (answer.isEmpty ? [] : prompts.answer(answer).dropLast())
            }
        } else {
            prefixes = PrefixCache(model.decoder)
            let script = StudyScript(tokenizer, window: loaded.languageModel.window)
            prompt = { script.ids(about: $0, question: $1, answer: $2) }
        }
        try prefixes.setPrefix(shared { try prompt($0, $0, "") }, level: 0)
    }

    package func prefill(_ passage: String) throws {
        self.passage = passage
        try prefixes.setPrefix(shared { try prompt(passage, $0, "") }, level: 1)
    }

    package func answer(_ question: String) throws -> String? {
        let (cache, rest) = try prefixes.prepare(prompt(passage, question, ""))
        let answered = try model.generate(
            model.decoder.embed(rest), cache: cache,
            options: GenerationOptions(maximumTokens: Self.maximumTokens, stopStrings: ["\n"]),
            adapters: prefixes.adapters)
        guard answered.end == .endToken || answered.end == .stopString else { return nil }
        return answered.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    package func targets(_ question: String, answer: String) throws -> TeacherTargets {
        let openPrompt = try prompt(passage, question, "")
        let whole = try prompt(passage, question, answer)
        // The question's last token predicts the answer's first.
        let teacherTokens = Array(whole[zip(openPrompt, whole).prefix { $0 == $1 }.count...])
        let studentTokens = try prompts.answer(answer)
        let rows = try rows(of: whole, last: teacherTokens.count + 1)
        // The two tokenizations may differ at the beginning of the answer.
        let same = zip(teacherTokens.reversed(), studentTokens.dropLast().reversed()).prefix { $0 == $1 }.count
        var likely: [[(token: Int, share: Float)]] = []
        for index in studentTokens.indices.dropLast(same + 1) {
            // If one token differs, use the teacher's tokens without their leading space ("he" for " he"). Otherwise
            // the answer's token gets probability 1.
            let isFirstWord = studentTokens.count - 1 - same == 1 && teacherTokens.count - same == 1
            likely.append(
                isFirstWord ? rows[0].map { (unspaced($0.token), $0.share) } : [(studentTokens[index], Float(1))])
        }
        likely += rows.suffix(same + 1)
        let targets = likely.map { merged($0, end: studentTokens[studentTokens.count - 1]) }
        return TeacherTargets(
            answer: studentTokens, width: width, tokens: targets.flatMap(\.tokens), shares: targets.flatMap(\.shares))
    }

    /// The most likely tokens after each of a prompt's last positions.
    private func rows(of prompt: [Int], last: Int) throws -> [[(token: Int, share: Float)]] {
        // Twice the width, since `merged` may merge several tokens.
        let count = min(2 * width, model.configuration.vocabularySize)
        let (cache, rest) = try prefixes.prepare(prompt, last: last)
        return try withoutGradients {
            let hidden = try model.decoder.hiddenStates(
                model.decoder.embed(rest), cache: cache, adapters: prefixes.adapters, last: last)
            let best = try model.decoder.logits(hidden[0]).to(.float32).top(count)
            let tokens = try best.indices.to(device: .cpu).array(of: Int64.self)
            let shares = try best.values.softmax(-1).to(device: .cpu).array(of: Float.self)
            return (0..<last).map { row in
                (row * count..<(row + 1) * count).map { (Int(tokens[$0]), shares[$0]) }
            }
        }
    }

    /// A position's K most likely tokens, renormalized. All tokens that end the answer count as the end token `end`.
    private func merged(
        _ row: [(token: Int, share: Float)], end: Int
    ) -> (tokens: [Int32], shares: [Float]) {
        var shares: [Int: Float] = [:]
        for (token, share) in row { shares[endsLine(token) ? end : token, default: 0] += share }
        var best = shares.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(width).map { ($0.key, $0.value) }
        // Pad to K tokens with probability 0.
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

    /// The first token of a token's text without its leading space; the token itself if it has none.
    private func unspaced(_ token: Int) -> Int {
        let text = tokenizer.decode([token], skippingSpecial: false)
        guard text.count > 1, text.first == " " else { return token }
        return tokenizer.encode(String(text.dropFirst()), special: .asText).first ?? token
    }

    /// The prefix that prompts share for all questions.
    private func shared(_ prompt: (_ question: String) throws -> [Int]) throws -> [Int] {
        zip(try prompt("a"), try prompt("9")).prefix { $0 == $1 }.map(\.0)
    }
}
