/// Builds the token ids of prompts from questions, with or without context.
///
/// Only the model's template can contribute special tokens. Untrusted text is encoded as plain text, so that a document
/// cannot end a turn.
public struct PromptBuilder: Sendable {
    /// The chat template; nil for a base model, which continues plain text.
    public let template: ChatTemplate?
    private let tokenizer: any Tokenizer

    /// Creates a prompt builder with a template and the model's tokenizer.
    public init(template: ChatTemplate?, tokenizer: any Tokenizer) {
        self.template = template
        self.tokenizer = tokenizer
    }

    /// Creates a prompt builder with the chat template of the tokenizer's files.
    /// - Throws: `TokenizerError` for a chat template of an unknown format.
    public init(recognizing tokenizer: any Tokenizer) throws {
        self.init(
            template: try tokenizer.chatTemplate.map { try ChatTemplate(recognizing: $0, tokenizer: tokenizer) },
            tokenizer: tokenizer)
    }

    /// Builds the prompt for a question.
    ///
    /// - Parameters:
    ///   - context: token ids of the text to answer from; empty for none
    ///   - history: earlier turns of the conversation; ignored for a continuation
    ///   - form: chat by default
    /// - Throws: `TokenizerError` if the template does not allow the order of the turns.
    public func prompt(
        question: String, context: [Int] = [], history: [ChatMessage] = [], form: PromptForm = .chat
    ) throws -> [Int] {
        if case .continuation(let opening) = form { return continuation(opening, context, question) }
        guard let template else { return plainPrompt(question, context, history) }
        // "?" is a placeholder for the question, which is always the last content segment.
        let segments = try template.segments(history + [ChatMessage(.user, "?")], addGenerationPrompt: true)
        let questionIndex = segments.lastIndex { $0.isContent }
        var ids = Assembly(tokenizer)
        for (index, segment) in segments.enumerated() {
            guard segment.isContent else {
                ids.append(template: segment.text)
                continue
            }
            if index != questionIndex {
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

    /// The token ids of an answer as a training target: the answer and its end token.
    /// - Throws: `TokenizerError` if the tokenizer has no end token.
    public func answer(_ text: String) throws -> [Int] {
        var end = tokenizer.endOfText
        if let template {
            // The template's text after an answer begins with the token that ends the turn.
            let turn = try template.segments(
                [ChatMessage(.user, "?"), ChatMessage(.assistant, "!")], addGenerationPrompt: false)
            if let after = turn.last, !after.isContent {
                end = tokenizer.encode(after.text, special: .parsed).first { tokenizer.isSpecial($0) } ?? end
            }
        }
        guard let end else { throw TokenizerError(.malformed, in: "tokenizer", "no end-of-text token, expected one") }
        // A plain continuation follows "Answer:", so its first word begins with a space.
        return self.text(template == nil && !tokenizer.dropsLeadingSpace ? " " + text : text) + [end]
    }

    /// The token ids of untrusted text, in which the names of special tokens are plain text.
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
            let text =
                switch turn.role {
                case .system: "\(turn.content)\n\n"
                case .user: "Question: \(turn.content)\n"
                case .assistant: "Answer: \(turn.content)\n\n"
                }
            ids.append(text: text)
        }
        ids.append(text: "Question: \(question)\nAnswer:")
        return ids.finish()
    }

    /// Collects token ids from parts. Adjacent parts of text are encoded together, as one text.
    private struct Assembly {
        private let tokenizer: any Tokenizer
        private var ids: [Int] = []
        private var pendingText = ""

        init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

        mutating func append(text: String) { pendingText += text }

        mutating func append(ids added: [Int]) {
            flush()
            ids += added
        }

        /// Appends text of the template, in which special tokens are parsed.
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
            flush()
            return ids
        }

        private mutating func flush() {
            if !pendingText.isEmpty { ids += tokenizer.encode(pendingText, special: .asText) }
            pendingText = ""
        }
    }
}
