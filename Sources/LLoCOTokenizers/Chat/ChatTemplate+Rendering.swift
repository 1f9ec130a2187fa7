extension ChatTemplate {
    /// A part of a rendered conversation.
    public typealias Segment = ChatSegment

    /// Renders a conversation in the model's format.
    ///
    /// - Parameter addGenerationPrompt: whether to end with the opening of the assistant's next turn.
    /// - Throws: ``TokenizerError`` if the format does not allow this order of turns.
    public func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws(TokenizerError) -> String {
        try segments(messages, addGenerationPrompt: addGenerationPrompt).map(\.text).joined()
    }

    /// Renders a conversation as segments, so that message contents can be encoded as text and only the format's own
    /// markers become special tokens.
    ///
    /// - Parameter addGenerationPrompt: whether to end with the opening of the assistant's next turn.
    /// - Throws: ``TokenizerError`` if the format does not allow this order of turns.
    public func segments(
        _ messages: [ChatMessage], addGenerationPrompt: Bool
    ) throws(TokenizerError) -> [Segment] {
        var writer = SegmentWriter()
        switch format {
        case .llama2:
            try writeLlama2(messages, &writer)
        case .none:
            for (index, message) in messages.enumerated() {
                writer.marker(index == 0 ? "" : "\n")
                writer.content(message.content)
            }
        case .smolLM3:
            try writeSmolLM3(messages, addGenerationPrompt, &writer)
        default:
            try writeTurns(messages, addGenerationPrompt, &writer)
        }
        return writer.segments
    }

    /// Writes consecutive turns, each between two markers.
    private func writeTurns(
        _ messages: [ChatMessage], _ addsPrompt: Bool, _ writer: inout SegmentWriter
    ) throws(TokenizerError) {
        writer.marker(beginningOfText)
        var turns = messages[...]
        var folded: String?
        let hasSystem = turns.first?.role == .system
        if let systemPreamble {
            writer.marker(opening(.system) + systemPreamble)
            if hasSystem, let first = turns.popFirst() {
                writer.content(trimmed(first.content))
            }
            writer.marker(closing(.system, isLast: false))
        } else if variant.system != .ownTurn, hasSystem, let first = turns.popFirst() {
            guard variant.system != .refused else { throw refused("the format has no system message") }
            folded = first.content
        } else if !hasSystem, let defaultSystemMessage, !turns.isEmpty {
            writer.marker(opening(.system) + defaultSystemMessage + closing(.system, isLast: false))
        }
        let firstQuestion = turns.startIndex
        if variant.alternates {
            try checkOrder(turns.first?.role == .system ? turns.dropFirst() : turns)
        }
        let lastQuestion = turns.lastIndex { $0.role == .user } ?? turns.endIndex
        for (index, message) in zip(turns.indices, turns) {
            let isLast = index == turns.endIndex - 1
            guard message.role != .system || variant.system == .ownTurn else {
                throw refused("a system message after the first turn; expected it first")
            }
            writer.marker(opening(message.role))
            if let folded, index == (variant.system == .firstUserTurn ? firstQuestion : turns.endIndex - 1),
                message.role == .user
            {
                writer.content(folded)
                writer.marker(variant.systemSeparator)
            }
            var content = message.content
            if message.role == .assistant, variant.dropsThoughts {
                content = Self.withoutThoughts(content)
                if variant.dropsLeadingLines { content = Self.withoutLeadingLines(content) }
                // Only an answer at the end of the conversation gets the empty block of thoughts.
                if isLast, index > lastQuestion {
                    writer.marker(variant.thought)
                    content = Self.withoutLeadingLines(content)
                }
            }
            writer.content(trimmed(content, always: message.role == .assistant && variant.trimsAnswers))
            writer.marker(closing(message.role, isLast: isLast))
        }
        if addsPrompt || (variant.promptsAfterUser && turns.last?.role == .user) {
            writer.marker(generationPrompt)
        } else if variant.endsWithEndOfText {
            writer.marker(endOfText)
        }
    }

    /// Writes a SmolLM3 conversation. Its system turn always comes first and contains the reasoning mode.
    private func writeSmolLM3(
        _ messages: [ChatMessage], _ addsPrompt: Bool, _ writer: inout SegmentWriter
    ) throws(TokenizerError) {
        var turns = messages[...]
        var thinks = false
        var instructions = ""
        if turns.first?.role == .system, let first = turns.popFirst() {
            thinks = first.content.contains("/think") && !first.content.contains("/no_think")
            instructions = first.content.replacing("/no_think", with: "").replacing("/think", with: "")
            instructions = trimmed(instructions, leading: false, always: true)
        }
        let preamble = systemPreamble ?? ""
        writer.marker(
            opening(.system) + (thinks ? preamble.replacing("Mode: /no_think", with: "Mode: /think") : preamble))
        if instructions.isEmpty {
            writer.marker((thinks ? variant.thinkingSystemMessage : defaultSystemMessage) ?? "")
        } else {
            writer.content(instructions)
            writer.marker("\n\n")
        }
        writer.marker(variant.endsSystemTurn ? closing(.system, isLast: false) : "")
        let thought = thinks ? "" : variant.thought
        for message in turns {
            guard message.role != .system else {
                throw refused("a system message after the first turn; expected it first")
            }
            writer.marker(opening(message.role))
            if message.role == .assistant {
                writer.marker(thought)
                writer.content(Self.withoutLeadingLines(message.content))
            } else {
                writer.content(message.content)
            }
            writer.marker(closing(message.role, isLast: false))
        }
        if addsPrompt {
            writer.marker(opening(.assistant) + thought)
        }
    }

    /// Writes a Llama 2 conversation. The assistant's turn has no opening marker; it follows `[/INST]`.
    private func writeLlama2(_ messages: [ChatMessage], _ writer: inout SegmentWriter) throws(TokenizerError) {
        var turns = messages[...]
        var system = defaultSystemMessage
        if let first = turns.first, first.role == .system {
            system = first.content
            turns = turns.dropFirst()
        }
        try checkOrder(turns)
        for (index, message) in turns.enumerated() {
            if message.role == .user {
                writer.marker("\(beginningOfText)[INST] ")
                if index == 0, let system {
                    writer.marker("<<SYS>>\n")
                    writer.content(system)
                    writer.marker("\n<</SYS>>\n\n")
                    // The template strips the white space around system message and question together.
                    writer.content(trimmed(message.content, leading: false))
                } else {
                    writer.content(trimmed(message.content))
                }
                writer.marker(" [/INST]")
            } else {
                writer.marker(" ")
                writer.content(trimmed(message.content))
                writer.marker(" \(endOfText)")
            }
        }
        if turns.isEmpty, system != nil {
            throw refused("a system message without a user turn after it")
        }
    }

    private func checkOrder(_ turns: ArraySlice<ChatMessage>) throws(TokenizerError) {
        for (index, message) in turns.enumerated()
        where message.role != (index.isMultiple(of: 2) ? .user : .assistant) {
            throw refused(
                "turn \(index + 1) has the role \(message.role.rawValue); roles must alternate, user first")
        }
    }

    private func refused(_ reason: String) -> TokenizerError {
        TokenizerError(.chat, in: "chat template \(format.rawValue)", reason)
    }

    /// An answer without its leading thoughts, as in Qwen 3's template.
    private static func withoutThoughts(_ answer: String) -> String {
        guard let end = answer.ranges(of: "</think>").last?.upperBound else { return answer }
        return withoutLeadingLines(String(answer[end...]))
    }

    private static func withoutLeadingLines(_ text: String) -> String {
        String(text.unicodeScalars.drop { $0 == "\n" })
    }

    /// The content, stripped of surrounding white space if the format does so.
    private func trimmed(_ content: String, leading: Bool = true, always: Bool = false) -> String {
        guard trimsContent || always else { return content }
        var text = content.unicodeScalars[...]
        while leading, let first = text.first, Self.isSpace(first) {
            text.removeFirst()
        }
        while let last = text.last, Self.isSpace(last) {
            text.removeLast()
        }
        return String(text)
    }

    /// Whether Python's `str.strip` removes the scalar: Unicode white space and a few control characters.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || 0x1C...0x1F ~= scalar.value
    }
}

/// Collects segments and joins adjacent ones of the same kind.
private struct SegmentWriter {
    var segments: [ChatTemplate.Segment] = []

    mutating func marker(_ text: String) { append(text, isContent: false) }
    mutating func content(_ text: String) { append(text, isContent: true) }

    private mutating func append(_ text: String, isContent: Bool) {
        guard !text.isEmpty else { return }
        if segments.last?.isContent == isContent {
            segments[segments.count - 1].text += text
        } else {
            segments.append(.init(text: text, isContent: isContent))
        }
    }
}
