extension ChatTemplate {
    public typealias Segment = ChatSegment

    /// The conversation as the model was trained to read it.
    ///
    /// - Parameter addGenerationPrompt: whether the opening of the assistant's next turn comes last.
    /// - Throws: ``TokenizerError`` for a conversation whose turns are in an order that the format does not have.
    public func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws(TokenizerError) -> String {
        try segments(messages, addGenerationPrompt: addGenerationPrompt).map(\.text).joined()
    }

    /// The same in stretches, so that contents can be encoded as text and only the format's own markers become special
    /// tokens.
    public func segments(
        _ messages: [ChatMessage], addGenerationPrompt: Bool
    ) throws(TokenizerError) -> [Segment] {
        var writer = SegmentWriter()
        switch format {
        case .chatML:
            writeChatML(messages, addGenerationPrompt, &writer)
        case .llama2:
            try writeLlama2(messages, &writer)
        case .llama3:
            writeLlama3(messages, addGenerationPrompt, &writer)
        case .none:
            for (index, message) in messages.enumerated() {
                writer.marker(index == 0 ? "" : "\n")
                writer.content(message.content)
            }
        }
        return writer.segments
    }

    private func writeChatML(_ messages: [ChatMessage], _ addsPrompt: Bool, _ writer: inout SegmentWriter) {
        writer.marker(beginningOfText)
        if let defaultSystemMessage, let first = messages.first, first.role != .system {
            writer.marker("<|im_start|>system\n\(defaultSystemMessage)<|im_end|>\n")
        }
        for message in messages {
            writer.marker("<|im_start|>\(message.role.rawValue)\n")
            writer.content(trimmed(message.content))
            writer.marker("<|im_end|>\n")
        }
        if addsPrompt {
            writer.marker("<|im_start|>assistant\n")
        }
    }

    private func writeLlama3(_ messages: [ChatMessage], _ addsPrompt: Bool, _ writer: inout SegmentWriter) {
        writer.marker(beginningOfText)
        var messages = messages[...]
        if let systemPreamble {
            writer.marker("<|start_header_id|>system<|end_header_id|>\n\n\(systemPreamble)")
            if let first = messages.first, first.role == .system {
                writer.content(trimmed(first.content))
                messages = messages.dropFirst()
            }
            writer.marker("<|eot_id|>")
        }
        for message in messages {
            writer.marker("<|start_header_id|>\(message.role.rawValue)<|end_header_id|>\n\n")
            writer.content(trimmed(message.content))
            writer.marker("<|eot_id|>")
        }
        if addsPrompt {
            writer.marker("<|start_header_id|>assistant<|end_header_id|>\n\n")
        }
    }

    /// The format has no opening of the assistant's turn: it follows `[/INST]`.
    private func writeLlama2(_ messages: [ChatMessage], _ writer: inout SegmentWriter) throws(TokenizerError) {
        var turns = messages[...]
        var system = defaultSystemMessage
        if let first = turns.first, first.role == .system {
            system = first.content
            turns = turns.dropFirst()
        }
        for (index, message) in turns.enumerated() {
            guard message.role == (index.isMultiple(of: 2) ? .user : .assistant) else {
                throw TokenizerError(
                    .chat, in: "chat template llama2",
                    "turn \(index + 1) is the \(message.role.rawValue)'s; roles must alternate, user first")
            }
            if message.role == .user {
                writer.marker("\(beginningOfText)[INST] ")
                if index == 0, let system {
                    writer.marker("<<SYS>>\n")
                    writer.content(system)
                    writer.marker("\n<</SYS>>\n\n")
                    // Whitespace is dropped around system message and question together.
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
            throw TokenizerError(.chat, in: "chat template llama2", "a system message needs a user's turn after it")
        }
    }

    /// The content without whitespace around it, where the format drops it.
    private func trimmed(_ content: String, leading: Bool = true) -> String {
        guard trimsContent else { return content }
        var text = content.unicodeScalars[...]
        while leading, let first = text.first, Self.isSpace(first) {
            text.removeFirst()
        }
        while let last = text.last, Self.isSpace(last) {
            text.removeLast()
        }
        return String(text)
    }

    /// What Python's `str.strip` drops, which is more than Unicode's whitespace.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || 0x1C...0x1F ~= scalar.value
    }
}

/// Gathers segments, joining neighbours of a kind.
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
