import LLoCOBase

extension ChatTemplate {
    /// The format of a model's own template, which is Jinja, by what it writes.
    ///
    /// - Parameters:
    ///   - template: the template, from a GGUF file's `tokenizer.chat_template` or a folder's files.
    ///   - tokenizer: the model's tokenizer, for how it spells the beginning and the end of a text.
    /// - Throws: ``TokenizerError`` for a template of none of the formats in ``Format``.
    public init(recognizing template: String, tokenizer: (any Tokenizer)? = nil) throws(TokenizerError) {
        let source = TemplateSource(template)
        guard let format = source.format else {
            let found =
                source.text.isEmpty
                ? "the model has no chat template" : "\(TokenizerError.quoted(source.text)) is not known"
            throw TokenizerError(
                .chat, in: "chat template", "\(found)", hint: .chooseChatTemplate)
        }
        self.init(format)
        trimsContent = source.trimsContent
        variant.alternates = source.holds("alternate")
        variant.promptsAfterUser = !source.holds("add_generation_prompt")
        if let end = Self.spelling(tokenizer?.endOfText, tokenizer) {
            endOfText = end
        }
        let beginning = Self.spelling(tokenizer?.beginningOfText, tokenizer)
        switch format {
        case .llama2:
            trimsContent = true
            beginningOfText = beginning ?? beginningOfText
        case .llama3:
            beginningOfText =
                source.holds("bos_token") || source.holds(beginningOfText) ? beginning ?? beginningOfText : ""
        default:
            beginningOfText = source.holds("bos_token") ? beginning ?? beginningOfText : ""
        }
        switch format {
        case .llama3:
            if source.holds("Cutting Knowledge Date:") {
                // With no date given, the templates that know today's date are as deterministic as those that do not.
                systemPreamble = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
            }
        case .chatML, .qwen3:
            defaultSystemMessage = source.literal(after: "<|im_start|>system\n", before: "<|im_end|>")
        case .phi4:
            defaultSystemMessage = source.literal(after: "<|im_start|>system<|im_sep|>", before: "<|im_end|>")
        case .smolLM3: readSmolLM3(source)
        case .mistralV1, .mistralV3, .mistralTekken: readMistral(source)
        case .gemma:
            variant.system = source.holds("messages[1:]") ? .firstUserTurn : source.refusesSystem ? .refused : .ownTurn
            variant.systemSeparator = source.systemSeparator ?? variant.systemSeparator
        case .phi3, .phi4Mini:
            variant.system = source.holdsAny(["'system'", "\"system\"", "|' + m"]) ? .ownTurn : .refused
            variant.endsWithEndOfText = source.endsWithEndOfText
        case .granite:
            defaultSystemMessage = source.graniteSystemMessage
        case .olmo2:
            variant.separator = source.holds("eos_token + '\n'") ? "\n" : source.separator(after: "|assistant|>")
            variant.separatesLast = !source.holds("not loop.last")
        case .zephyr:
            variant.separator = source.holds("eos_token + '\n'") ? "\n" : source.separator(after: "eos_token")
        case .llama2, .none: break
        }
        try readPrompt(source)
    }

    /// What stands between the opening of an answer and the answer.
    private mutating func readPrompt(_ source: TemplateSource) throws(TokenizerError) {
        switch format {
        case .qwen3, .smolLM3, .mistralV1, .mistralV3, .mistralTekken, .llama2, .none: return
        default: break
        }
        guard let end = source.promptEnd(after: opening(.assistant)) else {
            throw TokenizerError(
                .chat, in: "chat template",
                "\(format.rawValue), whose answers may begin with thoughts (<think>) in a way that is not known",
                hint: .chooseChatTemplate)
        }
        variant.promptEnd = end
        guard end.contains("<think>") else { return }
        variant.dropsThoughts = source.holdsAny(["split('</think>')", "split(\"</think>\")"])
        variant.dropsLeadingLines = variant.dropsThoughts && !source.holdsAny(["'</think>' in", "\"</think>\" in"])
        if source.holds("\n</think>\n\n") { variant.thought = "<think>\n\n</think>\n\n" }
    }

    private static func spelling(_ id: Int?, _ tokenizer: (any Tokenizer)?) -> String? {
        guard let id, let tokenizer else { return nil }
        return String(decoding: tokenizer.bytes(of: id), as: UTF8.self)
    }

    private mutating func readMistral(_ source: TemplateSource) {
        trimsContent = source.trims(expressionsHolding: "[INST]")
        variant.trimsAnswers = source.trims(expressionsHolding: "eos_token")
        variant.instruction.opening =
            (source.holdsAny(["' [INST]", "\" [INST]"]) ? " " : "") + (source.holds("[INST] ") ? "[INST] " : "[INST]")
        variant.instruction.closing = source.holds(" [/INST]") ? " [/INST]" : "[/INST]"
        variant.instruction.beforeAnswer =
            source.holdsAny(["' ' +", "\" \" +", "' '  +", "\" \"  +", "' ' ~", "\" \" ~"]) ? " " : ""
        variant.instruction.afterAnswer = source.holdsAny(["eos_token + ' '", "eos_token + \" \""]) ? " " : ""
        if source.holds("[SYSTEM_PROMPT]") {
            variant.system = .ownTurn
            variant.instruction.systemOpening =
                source.holds("[SYSTEM_PROMPT] ") ? "[SYSTEM_PROMPT] " : "[SYSTEM_PROMPT]"
            defaultSystemMessage = source.variables["default_system_message"].flatMap { $0.isEmpty ? nil : $0 }
        } else if source.holdsAny(["system_message", "messages[1:]"]) {
            let isLast = source.holdsAny(["loop.last and system_message", "user_messages[-1]) and system_message"])
            variant.system = isLast ? .lastUserTurn : .firstUserTurn
        } else {
            variant.system = .refused
        }
    }

    /// SmolLM3's header is a row of expressions, from the metadata's heading on.
    private mutating func readSmolLM3(_ source: TemplateSource) {
        let variables = source.variables.merging(["reasoning_mode": "/no_think"]) { $1 }
        func value(_ piece: TemplatePieces.Piece) -> String? {
            guard case .expression(let expression) = piece else { return nil }
            return TemplatePieces.value(of: expression, variables)
        }
        let pieces = source.pieces
        guard let start = pieces.firstIndex(where: { value($0)?.hasPrefix("## Metadata") == true }),
            let last = pieces[start...].firstIndex(where: { value($0)?.hasPrefix("## Custom Instructions") == true }),
            let end = pieces[last...].firstIndex(of: .statement("endif"))
        else { return }
        systemPreamble = pieces[start...last].compactMap(value).joined()
        for index in last..<end where index + 1 < end {
            switch pieces[index] {
            case .statement("else"): defaultSystemMessage = value(pieces[index + 1])
            case .statement(let test) where test.hasPrefix("elif"):
                variant.thinkingSystemMessage = value(pieces[index + 1])
            default: break
            }
        }
        variant.endsSystemTurn = end + 1 < pieces.count && value(pieces[end + 1])?.hasPrefix("<|im_end|>") == true
    }
}

/// A model's template, and the marks in it by which it is known.
struct TemplateSource {
    /// The template with line ends for their escapes: it may write them as such, or as escapes.
    let text: String
    let pieces: [TemplatePieces.Piece]
    let variables: [String: String]

    init(_ template: String) {
        // Jinja knows one kind of line end.
        let template = template.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        text = template.split(separator: "\\n", omittingEmptySubsequences: false).joined(separator: "\n")
        let pieces = TemplatePieces(template)
        self.pieces = pieces.pieces
        variables = pieces.variables()
    }

    func holds(_ mark: String) -> Bool { text.contains(mark) }

    func holdsAny(_ marks: [String]) -> Bool { marks.contains { text.contains($0) } }

    private func holdsAll(_ marks: [String]) -> Bool { marks.allSatisfy { text.contains($0) } }

    var format: ChatTemplate.Format? {
        if holdsAll(["<|im_start|>", "<|im_end|>", "<|im_start|>assistant<|im_sep|>"]) {
            return .phi4
        }
        if holdsAll(["<|im_start|>", "<|im_end|>", "<|im_start|>assistant\n"]) {
            if holdsAll(["## Metadata", "Reasoning Mode: "]) { return .smolLM3 }
            return holdsAll(["enable_thinking", "<think>\n\n</think>\n\n"]) ? .qwen3 : .chatML
        }
        if holdsAll(["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]) {
            return .llama3
        }
        if holdsAll(["[INST]", "[/INST]"]) {
            if holds("<<SYS>>") { return .llama2 }
            if holds(" [/INST]") { return .mistralV1 }
            return holds("[INST] ") ? .mistralV3 : .mistralTekken
        }
        if holdsAll(["<start_of_turn>", "<end_of_turn>", "<start_of_turn>model"]) {
            return .gemma
        }
        if holdsAll(["<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"]) {
            return .granite
        }
        if holdsAll(["<|end|>", "<|assistant|>"]) {
            return holdsAny(["<|end|>\n", "<|end|>' + '\n", "<|end|>\" + \"\n"]) ? .phi3 : .phi4Mini
        }
        if holdsAll(["<|assistant|>", "eos_token", "messages"]) {
            let question = expression(holding: "<|user|>") ?? expression(holding: "|>")
            return question?.contains("eos_token") == true ? .zephyr : .olmo2
        }
        return nil
    }

    var trimsContent: Bool { Self.trims(text) }

    /// Whether one of the expressions that hold `mark` drops the white space around a message.
    func trims(expressionsHolding mark: String) -> Bool {
        pieces.contains {
            if case .expression(let expression) = $0 {
                expression.contains(mark) && Self.trims(expression)
            } else {
                false
            }
        }
    }

    private static func trims(_ text: String) -> Bool {
        // Marks that are written with and without spaces.
        let packed = text.replacing(" ", with: "")
        return ["content", "content']", "content\"]"].contains {
            packed.contains($0 + "|trim") || packed.contains($0 + ".strip()")
        }
    }

    /// Whether the template raises an exception for a system message.
    var refusesSystem: Bool { holdsAny(["System role", "system role"]) && holds("raise_exception") }

    /// Whether the end of text follows where no answer is asked for.
    var endsWithEndOfText: Bool {
        guard let prompt = text.ranges(of: "add_generation_prompt").last else { return false }
        return text[prompt.upperBound...].contains("eos_token")
    }

    /// What Gemma's template puts between a system message and the first question: the last string of the statement that
    /// takes the message's text.
    var systemSeparator: String? {
        for case .statement(let statement) in pieces {
            guard let (_, expression) = TemplatePieces.assignment(statement), expression.contains("content"),
                let plus = expression.lastIndex(of: "+")
            else { continue }
            return TemplatePieces.value(of: expression[expression.index(after: plus)...], [:])
        }
        return nil
    }

    /// Granite 4's default; or the one of Granite 3, to which a sentence is added where there are neither tools nor
    /// documents.
    var graniteSystemMessage: String? {
        if let message = variables["g4_default_system_message"] {
            return message
        }
        guard let message = variables["system_message"] else { return nil }
        for (index, piece) in pieces.enumerated() where piece == .statement("else") && index + 1 < pieces.count {
            if case .statement(let statement) = pieces[index + 1],
                let (name, expression) = TemplatePieces.assignment(statement), name == "system_message",
                expression.contains("system_message")
            {
                return TemplatePieces.value(of: expression, variables) ?? message
            }
        }
        return message
    }

    /// The text between the first expression that holds `mark` and the next tag.
    func separator(after mark: String) -> String {
        for (piece, next) in zip(pieces, pieces.dropFirst()) {
            if case .expression(let expression) = piece, expression.contains(mark) {
                if case .text(let text) = next { return text }
                return ""
            }
        }
        return ""
    }

    private func expression(holding mark: String) -> String? {
        for case .expression(let expression) in pieces where expression.contains(mark) {
            return expression
        }
        return nil
    }

    /// Text that the template writes between two markers, without an expression in it. Where there is such text after
    /// the marker of a system message, it is the default.
    func literal(after opening: String, before closing: String) -> String? {
        for piece in pieces {
            let texts =
                switch piece {
                case .text(let text): [text]
                case .expression(let code), .statement(let code): TemplatePieces.literals(in: code)
                }
            for text in texts {
                guard let start = text.firstRange(of: opening)?.upperBound,
                    let end = text[start...].firstRange(of: closing)?.lowerBound, start < end
                else { continue }
                return String(text[start..<end])
            }
        }
        return nil
    }
}
