/// How a conversation is written for a model that was trained on one of the known chat formats.
///
/// The rendered text holds the names of special tokens, the beginning of text included where the format has one, and is
/// encoded with nothing added. ``segments(_:addGenerationPrompt:)`` keeps contents apart from markers, so that a message
/// that holds `<|im_end|>` does not end its turn.
///
/// Models that think before they answer are told not to, in the way of their template. A template that writes today's
/// date writes 26 July 2024, the one that Llama 3.1's falls back on, so that a prompt is the same every day.
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
        /// ChatML in which an answer begins with an empty block of thoughts: Qwen 3.
        case qwen3
        /// The same, with a system turn of metadata in front: SmolLM3.
        case smolLM3 = "smollm3"
        /// `[INST] <<SYS>>…<</SYS>> … [/INST] …`: Llama 2.
        case llama2
        /// `<|start_header_id|>user<|end_header_id|>\n\n…<|eot_id|>`: Llama 3.
        case llama3
        /// ` [INST] … [/INST] …</s>`: Mistral 7B v0.1 and v0.2.
        case mistralV1 = "mistral-v1"
        /// `[INST] …[/INST] …</s>`: Mistral 7B v0.3.
        case mistralV3 = "mistral-v3"
        /// `[INST]…[/INST]…</s>`: Mistral Nemo and later, whose tokenizer is Tekken.
        case mistralTekken = "mistral-tekken"
        /// `<start_of_turn>user\n…<end_of_turn>\n`, without a system turn: Gemma.
        case gemma
        /// `<|user|>\n…<|end|>\n`: Phi-3.
        case phi3
        /// `<|im_start|>user<|im_sep|>…<|im_end|>`: Phi-4.
        case phi4
        /// `<|user|>…<|end|>`: Phi-4-mini.
        case phi4Mini = "phi4-mini"
        /// `<|start_of_role|>user<|end_of_role|>…<|end_of_text|>\n`: Granite.
        case granite
        /// `<|user|>\n…\n<|assistant|>\n…<|endoftext|>`: OLMo 2, Tulu.
        case olmo2
        /// `<|user|>\n…</s>\n`: Zephyr, TinyLlama.
        case zephyr
        /// No format: the contents, a line each.
        case none
    }

    /// The format.
    public var format: Format

    /// The system message that the template writes where the conversation has none.
    public var defaultSystemMessage: String?

    /// Written in front of a conversation (Llama 2: of every turn of the user).
    public var beginningOfText = ""

    /// Written after an answer, where the format has no marker of its own for that (Llama 2, Mistral, OLMo, Zephyr: after
    /// every turn), and by Phi's after a conversation.
    public var endOfText = ""

    /// Whether whitespace around a message is dropped.
    public var trimsContent = false

    /// The lines that Llama 3.1 and later write in front of every system message, and SmolLM3's metadata; nil for other
    /// formats.
    public var systemPreamble: String?

    /// In what templates of one format differ.
    var variant = Variant()

    /// The format as its models were trained with it, without a default system message.
    ///
    /// - Throws: ``TokenizerError`` for a name other than those of ``Format``.
    public static func named(_ name: String) throws(TokenizerError) -> ChatTemplate {
        guard let format = Format(rawValue: name) else {
            throw TokenizerError(
                .chat, in: "chat template",
                "there is no \(TokenizerError.quoted(name)), expected one of \(Format.names)")
        }
        return ChatTemplate(format)
    }

    /// The format as its models were trained with it, without a default system message.
    public init(_ format: Format) {
        self.format = format
        switch format {
        case .chatML, .phi4, .none:
            break
        case .qwen3:
            variant.thought = "<think>\n\n</think>\n\n"
            variant.dropsThoughts = true
        case .smolLM3:
            variant.thought = "<think>\n\n</think>\n"
            systemPreamble =
                "## Metadata\n\nKnowledge Cutoff Date: June 2025\nToday Date: \(TemplateDate.formatted("%d %B %Y"))\n"
                + "Reasoning Mode: /no_think\n\n## Custom Instructions\n\n"
        case .llama2:
            beginningOfText = "<s>"
            endOfText = "</s>"
            trimsContent = true
        case .llama3:
            beginningOfText = "<|begin_of_text|>"
            trimsContent = true
        case .mistralV1, .mistralV3, .mistralTekken:
            beginningOfText = "<s>"
            endOfText = "</s>"
            variant.alternates = true
            variant.system = format == .mistralV1 ? .firstUserTurn : .lastUserTurn
            variant.instruction = Variant.Instruction(format)
        case .gemma:
            beginningOfText = "<bos>"
            trimsContent = true
            variant.alternates = true
            variant.system = .firstUserTurn
        case .phi3, .phi4Mini:
            endOfText = "<|endoftext|>"
            variant.endsWithEndOfText = true
        case .granite:
            break
        case .olmo2:
            beginningOfText = "<|endoftext|>"
            endOfText = "<|endoftext|>"
            variant.separator = "\n"
            variant.separatesLast = false
        case .zephyr:
            endOfText = "</s>"
            variant.separator = "\n"
        }
    }
}

extension ChatTemplate.Format {
    /// The names of all formats, in a sentence.
    public static var names: String {
        allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or \(Self.none.rawValue)"
    }
}
