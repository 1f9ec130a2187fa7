/// How a conversation is written for a model that was trained on one of the known chat formats.
///
/// The rendered text holds the names of special tokens, the beginning of text included where the format has one, and is
/// encoded with nothing added. ``segments(_:addGenerationPrompt:)`` keeps contents apart from markers, so that a message
/// that holds `<|im_end|>` does not end its turn.
///
/// ```swift
/// let template = try ChatTemplate(recognizing: tokenizer.chatTemplate ?? "", tokenizer: tokenizer)
/// let segments = try template.segments([ChatMessage(.user, "Hello")], addGenerationPrompt: true)
/// let prompt = tokenizer.encode(segments)
/// ```
public struct ChatTemplate: Sendable, Hashable {
    /// The known formats.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// `<|im_start|>user\n…<|im_end|>\n`: SmolLM2, Qwen 2 and many others.
        case chatML = "chatml"
        /// `[INST] <<SYS>>…<</SYS>> … [/INST] …`: Llama 2.
        case llama2
        /// `<|start_header_id|>user<|end_header_id|>\n\n…<|eot_id|>`: Llama 3.
        case llama3
        /// No format: the contents, a line each.
        case none
    }

    /// The format.
    public var format: Format

    /// The system message that the template writes where the conversation has none.
    public var defaultSystemMessage: String?

    /// Written in front of a conversation (Llama 2: of every turn of the user).
    public var beginningOfText = ""

    /// Written after an answer in Llama 2's format.
    public var endOfText = ""

    /// Whether whitespace around a message is dropped.
    public var trimsContent = false

    /// The lines that Llama 3.1 and later write in front of every system message; nil for other formats.
    public var systemPreamble: String?

    /// The format as its models were trained with it, without a default system message.
    ///
    /// - Throws: ``TokenizerError`` for a name other than those of ``Format``.
    public static func named(_ name: String) throws(TokenizerError) -> ChatTemplate {
        guard let format = Format(rawValue: name) else {
            let names = Format.allCases.map(\.rawValue).joined(separator: ", ")
            throw TokenizerError(
                .chat, in: "chat template", "there is no \(TokenizerError.quoted(name)), expected one of \(names)")
        }
        return ChatTemplate(format)
    }

    /// The format as its models were trained with it, without a default system message.
    public init(_ format: Format) {
        self.format = format
        switch format {
        case .chatML, .none:
            break
        case .llama2:
            beginningOfText = "<s>"
            endOfText = "</s>"
            trimsContent = true
        case .llama3:
            beginningOfText = "<|begin_of_text|>"
            trimsContent = true
        }
    }
}
