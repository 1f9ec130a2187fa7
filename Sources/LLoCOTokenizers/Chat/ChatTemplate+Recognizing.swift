import LLoCOBase

extension ChatTemplate {
    /// Recognises the format of a model's Jinja template by its markers, without running the template.
    ///
    /// - Parameters:
    ///   - template: the template, from a GGUF file's `tokenizer.chat_template` or a folder's files.
    ///   - tokenizer: the model's tokenizer, for the spelling of its BOS and EOS tokens.
    /// - Throws: ``TokenizerError`` for a template whose format is not in ``Format``.
    public init(recognizing template: String, tokenizer: (any Tokenizer)? = nil) throws(TokenizerError) {
        let source = TemplateSource(template)
        guard let format = source.format else {
            let found =
                source.text.isEmpty
                ? "the model has no chat template" : "\(TokenizerError.quoted(source.text)) has an unknown format"
            throw TokenizerError(
                .chat, in: "chat template", "\(found)", hint: .chooseChatTemplate)
        }
        self.init(format)
        trimsContent = source.trimsContent
        variant.alternates = source.contains("alternate")
        variant.promptsAfterUser = !source.contains("add_generation_prompt")
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
                source.contains("bos_token") || source.contains(beginningOfText) ? beginning ?? beginningOfText : ""
        default:
            beginningOfText = source.contains("bos_token") ? beginning ?? beginningOfText : ""
        }
        switch format {
        case .llama3:
            if source.contains("Cutting Knowledge Date:") {
                // A fixed date makes the templates that insert today's date deterministic too.
                systemPreamble = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
            }
        case .chatML, .qwen3:
            defaultSystemMessage = source.literal(after: "<|im_start|>system\n", before: "<|im_end|>")
        case .phi4:
            defaultSystemMessage = source.literal(after: "<|im_start|>system<|im_sep|>", before: "<|im_end|>")
        case .smolLM3: readSmolLM3(source)
        case .mistralV1, .mistralV3, .mistralTekken: readMistral(source)
        case .gemma:
            variant.system =
                source.contains("messages[1:]") ? .firstUserTurn : source.refusesSystem ? .refused : .ownTurn
            variant.systemSeparator = source.systemSeparator ?? variant.systemSeparator
        case .phi3, .phi4Mini:
            variant.system = source.containsAny(["'system'", "\"system\"", "|' + m"]) ? .ownTurn : .refused
            variant.endsWithEndOfText = source.endsWithEndOfText
        case .granite:
            defaultSystemMessage = source.graniteSystemMessage
        case .olmo2:
            variant.separator = source.contains("eos_token + '\n'") ? "\n" : source.separator(after: "|assistant|>")
            variant.separatesLast = !source.contains("not loop.last")
        case .zephyr:
            variant.separator = source.contains("eos_token + '\n'") ? "\n" : source.separator(after: "eos_token")
        case .llama2, .none: break
        }
        try readPrompt(source)
    }

    /// Reads the text between the opening of an answer and the answer.
    private mutating func readPrompt(_ source: TemplateSource) throws(TokenizerError) {
        switch format {
        case .qwen3, .smolLM3, .mistralV1, .mistralV3, .mistralTekken, .llama2, .none: return
        default: break
        }
        guard let end = source.promptEnd(after: opening(.assistant)) else {
            throw TokenizerError(
                .chat, in: "chat template",
                "\(format.rawValue), whose answers may begin with thoughts (<think>) under unknown conditions",
                hint: .chooseChatTemplate)
        }
        variant.promptEnd = end
        guard end.contains("<think>") else { return }
        variant.dropsThoughts = source.containsAny(["split('</think>')", "split(\"</think>\")"])
        variant.dropsLeadingLines = variant.dropsThoughts && !source.containsAny(["'</think>' in", "\"</think>\" in"])
        if source.contains("\n</think>\n\n") { variant.thought = "<think>\n\n</think>\n\n" }
    }

    private static func spelling(_ id: Int?, _ tokenizer: (any Tokenizer)?) -> String? {
        guard let id, let tokenizer else { return nil }
        return String(decoding: tokenizer.bytes(of: id), as: UTF8.self)
    }

    private mutating func readMistral(_ source: TemplateSource) {
        trimsContent = source.trims(expressionsContaining: "[INST]")
        variant.trimsAnswers = source.trims(expressionsContaining: "eos_token")
        variant.instruction.opening =
            (source.containsAny(["' [INST]", "\" [INST]"]) ? " " : "")
            + (source.contains("[INST] ") ? "[INST] " : "[INST]")
        variant.instruction.closing = source.contains(" [/INST]") ? " [/INST]" : "[/INST]"
        variant.instruction.beforeAnswer =
            source.containsAny(["' ' +", "\" \" +", "' '  +", "\" \"  +", "' ' ~", "\" \" ~"]) ? " " : ""
        variant.instruction.afterAnswer = source.containsAny(["eos_token + ' '", "eos_token + \" \""]) ? " " : ""
        if source.contains("[SYSTEM_PROMPT]") {
            variant.system = .ownTurn
            variant.instruction.systemOpening =
                source.contains("[SYSTEM_PROMPT] ") ? "[SYSTEM_PROMPT] " : "[SYSTEM_PROMPT]"
            defaultSystemMessage = source.variables["default_system_message"].flatMap { $0.isEmpty ? nil : $0 }
        } else if source.containsAny(["system_message", "messages[1:]"]) {
            let isLast = source.containsAny(["loop.last and system_message", "user_messages[-1]) and system_message"])
            variant.system = isLast ? .lastUserTurn : .firstUserTurn
        } else {
            variant.system = .refused
        }
    }

    /// Reads SmolLM3's header, a sequence of expressions that begins with the metadata heading.
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

/// A model's Jinja template, with queries for the marks that identify its format and variant.
struct TemplateSource {
    /// The template with escaped line ends replaced by actual ones; templates use both.
    let text: String
    let pieces: [TemplatePieces.Piece]
    let variables: [String: String]

    init(_ template: String) {
        // Jinja normalizes line ends.
        let template = template.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        text = template.split(separator: "\\n", omittingEmptySubsequences: false).joined(separator: "\n")
        let pieces = TemplatePieces(template)
        self.pieces = pieces.pieces
        variables = pieces.variables()
    }

    func contains(_ mark: String) -> Bool { text.contains(mark) }

    func containsAny(_ marks: [String]) -> Bool { marks.contains { text.contains($0) } }

    private func containsAll(_ marks: [String]) -> Bool { marks.allSatisfy { text.contains($0) } }

    var format: ChatTemplate.Format? {
        if containsAll(["<|im_start|>", "<|im_end|>", "<|im_start|>assistant<|im_sep|>"]) {
            return .phi4
        }
        if containsAll(["<|im_start|>", "<|im_end|>", "<|im_start|>assistant\n"]) {
            if containsAll(["## Metadata", "Reasoning Mode: "]) { return .smolLM3 }
            return containsAll(["enable_thinking", "<think>\n\n</think>\n\n"]) ? .qwen3 : .chatML
        }
        if containsAll(["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]) {
            return .llama3
        }
        if containsAll(["[INST]", "[/INST]"]) {
            if contains("<<SYS>>") { return .llama2 }
            if contains(" [/INST]") { return .mistralV1 }
            return contains("[INST] ") ? .mistralV3 : .mistralTekken
        }
        if containsAll(["<start_of_turn>", "<end_of_turn>", "<start_of_turn>model"]) {
            return .gemma
        }
        if containsAll(["<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"]) {
            return .granite
        }
        if containsAll(["<|end|>", "<|assistant|>"]) {
            return containsAny(["<|end|>\n", "<|end|>' + '\n", "<|end|>\" + \"\n"]) ? .phi3 : .phi4Mini
        }
        if containsAll(["<|assistant|>", "eos_token", "messages"]) {
            let question = expression(containing: "<|user|>") ?? expression(containing: "|>")
            return question?.contains("eos_token") == true ? .zephyr : .olmo2
        }
        return nil
    }

    var trimsContent: Bool { Self.trims(text) }

    /// Whether an expression that contains `mark` strips the white space around a message.
    func trims(expressionsContaining mark: String) -> Bool {
        pieces.contains {
            if case .expression(let expression) = $0 {
                expression.contains(mark) && Self.trims(expression)
            } else {
                false
            }
        }
    }

    private static func trims(_ text: String) -> Bool {
        // Templates write these marks with and without spaces.
        let packed = text.replacing(" ", with: "")
        return ["content", "content']", "content\"]"].contains {
            packed.contains($0 + "|trim") || packed.contains($0 + ".strip()")
        }
    }

    /// Whether the template raises an exception for a system message.
    var refusesSystem: Bool { containsAny(["System role", "system role"]) && contains("raise_exception") }

    /// Whether an EOS token follows the conversation if no generation prompt is requested.
    var endsWithEndOfText: Bool {
        guard let prompt = text.ranges(of: "add_generation_prompt").last else { return false }
        return text[prompt.upperBound...].contains("eos_token")
    }

    /// The separator between a system message and the first question in Gemma's template: the last string of the
    /// statement that reads the message's text.
    var systemSeparator: String? {
        for case .statement(let statement) in pieces {
            guard let (_, expression) = TemplatePieces.assignment(statement), expression.contains("content"),
                let plus = expression.lastIndex(of: "+")
            else { continue }
            return TemplatePieces.value(of: expression[expression.index(after: plus)...], [:])
        }
        return nil
    }

    /// The default system message of Granite 4, or that of Granite 3, which adds a sentence if there are neither tools
    /// nor documents.
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

    /// The text between the first expression that contains `mark` and the next tag.
    func separator(after mark: String) -> String {
        for (piece, next) in zip(pieces, pieces.dropFirst()) {
            if case .expression(let expression) = piece, expression.contains(mark) {
                if case .text(let text) = next { return text }
                return ""
            }
        }
        return ""
    }

    private func expression(containing mark: String) -> String? {
        for case .expression(let expression) in pieces where expression.contains(mark) {
            return expression
        }
        return nil
    }

    /// The literal text between two markers, without an expression. After the marker of a system turn, it is the
    /// default system message.
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
