/// A chat template: renders a conversation in one of the supported chat formats.
///
/// The rendered text contains the names of special tokens, including BOS if the format has one. Encode it without
/// adding tokens. ``segments(_:addGenerationPrompt:)`` separates contents from markers, so that `<|im_end|>` in a
/// message does not end its turn.
///
/// Thinking is disabled as in the model's own template. Templates that insert today's date insert 26 July 2024, the
/// fallback in Llama 3.1's template, so that prompts do not change from day to day.
///
/// ```swift
/// let template = try ChatTemplate(recognizing: tokenizer.chatTemplate ?? "", tokenizer: tokenizer)
/// let segments = try template.segments([ChatMessage(.user, "Hello")], addGenerationPrompt: true)
/// let prompt = tokenizer.encode(segments)
/// ```
public struct ChatTemplate: Sendable, Hashable {
    /// The supported formats.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// `<|im_start|>user\n…<|im_end|>\n`: SmolLM2, Qwen 2 and many others.
        case chatML = "chatml"
        /// ChatML in which an answer begins with an empty block of thoughts: Qwen 3.
        case qwen3
        /// Qwen 3's format with a leading system turn of metadata: SmolLM3.
        case smolLM3 = "smollm3"
        /// `[INST] <<SYS>>…<</SYS>> … [/INST] …`: Llama 2.
        case llama2
        /// `<|start_header_id|>user<|end_header_id|>\n\n…<|eot_id|>`: Llama 3.
        case llama3
        /// ` [INST] … [/INST] …</s>`: Mistral 7B v0.1 and v0.2.
        case mistralV1 = "mistral-v1"
        /// `[INST] …[/INST] …</s>`: Mistral 7B v0.3.
        case mistralV3 = "mistral-v3"
        /// `[INST]…[/INST]…</s>`: Mistral Nemo and later models with the Tekken tokenizer.
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
        /// No format: one message per line.
        case none
    }

    /// The format.
    public var format: Format

    /// The system message of conversations without one; nil for none.
    public var defaultSystemMessage: String?

    /// BOS text before a conversation (Llama 2: before every user turn).
    public var beginningOfText = ""

    /// EOS text after an answer, in formats without another closing marker (Llama 2, Mistral, OLMo), after every turn
    /// (Zephyr) or after a conversation (Phi).
    public var endOfText = ""

    /// Whether white space around a message is stripped.
    public var trimsContent = false

    /// The lines before the system message in Llama 3.1 and later, or SmolLM3's metadata; nil for other formats.
    public var systemPreamble: String?

    /// The differences from other templates of the same format.
    var variant = Variant()

    /// Creates the template of a format by name, without a default system message.
    ///
    /// - Throws: ``TokenizerError`` if `name` is not the raw value of a ``Format``.
    public static func named(_ name: String) throws(TokenizerError) -> ChatTemplate {
        guard let format = Format(rawValue: name) else {
            throw TokenizerError(
                .chat, in: "chat template",
                "\(TokenizerError.quoted(name)) is unknown, expected one of \(Format.names)")
        }
        return ChatTemplate(format)
    }

    /// Creates the template that the format's models were trained with, without a default system message.
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
    /// The names of all formats as a list for messages: "chatml, … or none".
    public static var names: String {
        allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or \(Self.none.rawValue)"
    }
}
