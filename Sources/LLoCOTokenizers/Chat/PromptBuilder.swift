/// Turns questions, with or without text to answer from, into the ids that a model expects.
///
/// Only the model's own template may hold special tokens: what comes from outside is encoded as plain text, so that a
/// document cannot end a turn.
public struct PromptBuilder: Sendable {
    /// The chat template, or nil for a model that continues plain text.
    public let template: ChatTemplate?
    private let tokenizer: any Tokenizer

    public init(template: ChatTemplate?, tokenizer: any Tokenizer) {
        self.template = template
        self.tokenizer = tokenizer
    }

    /// For a model that is spoken to as its own tokenizer says.
    /// - Throws: `TokenizerError` where its chat template is of no known kind.
    public init(recognizing tokenizer: any Tokenizer) throws {
        self.init(
            template: try tokenizer.chatTemplate.map { try ChatTemplate(recognizing: $0, tokenizer: tokenizer) },
            tokenizer: tokenizer)
    }

    /// A question's prompt.
    ///
    /// - Parameters:
    ///   - context: ids of text to answer from; empty for none
    ///   - history: earlier turns of the conversation; a continuation has none
    ///   - form: a turn of a chat unless told
    public func prompt(
        question: String, context: [Int] = [], history: [ChatMessage] = [], form: PromptForm = .chat
    ) throws -> [Int] {
        if case .continuation(let opening) = form { return continuation(opening, context, question) }
        guard let template else { return plainPrompt(question, context, history) }
        // "?" stands for the question while the template is rendered: it is the last content, whatever the others hold.
        let segments = try template.segments(history + [ChatMessage(.user, "?")], addGenerationPrompt: true)
        let place = segments.lastIndex { $0.isContent }
        var ids = Assembly(tokenizer)
        for (index, segment) in segments.enumerated() {
            guard segment.isContent else {
                ids.append(template: segment.text)
                continue
            }
            if index != place {
                ids.append(text: segment.text)
            } else if context.isEmpty {
                ids.append(text: question)
            } else {
                ids.append(text: "Answer the question from this text.\n\n")
                ids.append(ids: context)
                ids.append(text: "\n\nQuestion: " + question)
            }
        }
        return ids.finish()
    }

    /// The answer as it is learned: its ids and the token that ends it.
    public func answer(_ text: String) throws -> [Int] {
        var end = tokenizer.endOfText
        if let template {
            // What the template writes after an answer begins with the token that ends the turn.
            let turn = try template.segments(
                [ChatMessage(.user, "?"), ChatMessage(.assistant, "!")], addGenerationPrompt: false)
            if let after = turn.last, !after.isContent {
                end = tokenizer.encode(after.text, special: .parsed).first { tokenizer.isSpecial($0) } ?? end
            }
        }
        guard let end else { throw TokenizerError(.malformed, in: "tokenizer", "it names no token that ends a text") }
        // A plain continuation stands behind "Answer:", so its first word begins with a space.
        return self.text(template == nil && !tokenizer.dropsLeadingSpace ? " " + text : text) + [end]
    }

    /// Ids of text from outside.
    public func text(_ text: String) -> [Int] { tokenizer.encode(text, special: .asText) }

    private func continuation(_ opening: String, _ context: [Int], _ question: String) -> [Int] {
        var ids = textStart()
        ids.append(text: opening)
        if !context.isEmpty { ids.append(ids: context) }
        ids.append(text: question)
        return ids.finish()
    }

    private func textStart() -> Assembly {
        var ids = Assembly(tokenizer)
        if tokenizer.addsBeginningOfText, let start = tokenizer.beginningOfText { ids.append(ids: [start]) }
        return ids
    }

    private func plainPrompt(_ question: String, _ context: [Int], _ history: [ChatMessage]) -> [Int] {
        var ids = textStart()
        if !context.isEmpty {
            ids.append(ids: context)
            ids.append(text: "\n\n")
        }
        for turn in history {
            ids.append(text: turn.role == .user ? "Question: \(turn.content)\n" : "Answer: \(turn.content)\n\n")
        }
        ids.append(text: "Question: \(question)\nAnswer:")
        return ids.finish()
    }

    /// Ids of text that comes in parts: adjoining parts are encoded together, as if they had been one.
    private struct Assembly {
        private let tokenizer: any Tokenizer
        private var ids: [Int] = []
        private var open = ""

        init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

        mutating func append(text: String) { open += text }

        mutating func append(ids added: [Int]) {
            close()
            ids += added
        }

        /// Text of the template, whose special tokens count.
        mutating func append(template text: String) {
            let bytes = Array(text.utf8)
            var start = 0
            for token in tokenizer.encodeWithOffsets(text, special: .parsed)
            where tokenizer.isSpecial(token.id) && !token.range.isEmpty {
                append(text: String(decoding: bytes[start..<token.range.lowerBound], as: UTF8.self))
                append(ids: [token.id])
                start = token.range.upperBound
            }
            append(text: String(decoding: bytes[start...], as: UTF8.self))
        }

        mutating func finish() -> [Int] {
            close()
            return ids
        }

        private mutating func close() {
            if !open.isEmpty { ids += tokenizer.encode(open, special: .asText) }
            open = ""
        }
    }
}
