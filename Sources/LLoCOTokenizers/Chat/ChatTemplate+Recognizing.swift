import LLoCOBase

extension ChatTemplate {
    /// The format of a model's own template, which is Jinja, by what it writes.
    ///
    /// - Parameters:
    ///   - template: the template, from a GGUF file's `tokenizer.chat_template` or a folder's files.
    ///   - tokenizer: the model's tokenizer, for how it spells the beginning and the end of a text.
    /// - Throws: ``TokenizerError`` for a template of none of the formats in ``Format``.
    public init(recognizing template: String, tokenizer: (any Tokenizer)? = nil) throws(TokenizerError) {
        // The template may write its line ends as such, or as escapes.
        let text = template.split(separator: "\\n", omittingEmptySubsequences: false).joined(separator: "\n")
        if text.contains("<|im_start|>"), text.contains("<|im_end|>"), text.contains("<|im_start|>assistant\n") {
            self.init(.chatML)
            defaultSystemMessage = Self.literal(in: text, after: "<|im_start|>system\n", before: "<|im_end|>")
            trimsContent = Self.trims(text)
            if text.contains("bos_token") {
                beginningOfText = Self.spelling(tokenizer?.beginningOfText, tokenizer) ?? ""
            }
        } else if text.contains("<|start_header_id|>"), text.contains("<|end_header_id|>"),
            text.contains("<|eot_id|>")
        {
            self.init(.llama3)
            trimsContent = Self.trims(text)
            if text.contains("Cutting Knowledge Date:") {
                // With no date given, the templates that know today's date are as deterministic as those that do not.
                systemPreamble = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
            }
            beginningOfText =
                text.contains("bos_token") || text.contains(beginningOfText)
                ? Self.spelling(tokenizer?.beginningOfText, tokenizer) ?? beginningOfText : ""
        } else if text.contains("[INST]"), text.contains("[/INST]"), text.contains("<<SYS>>") {
            self.init(.llama2)
            beginningOfText = Self.spelling(tokenizer?.beginningOfText, tokenizer) ?? beginningOfText
            endOfText = Self.spelling(tokenizer?.endOfText, tokenizer) ?? endOfText
        } else {
            let found = text.isEmpty ? "the model has no chat template" : "\(TokenizerError.quoted(text)) is not known"
            throw TokenizerError(
                .chat, in: "chat template", "\(found)", hint: .chooseChatTemplate)
        }
    }

    private static func trims(_ text: String) -> Bool {
        text.contains("| trim") || text.contains("|trim") || text.contains(".strip()")
    }

    /// Text that the template writes between two markers, without an expression in it. Where there is such text after
    /// the marker of a system message, it is the default.
    private static func literal(in text: String, after opening: String, before closing: String) -> String? {
        var rest = text[...]
        while let start = rest.firstRange(of: opening)?.upperBound {
            rest = rest[start...]
            guard let end = rest.firstRange(of: closing)?.lowerBound else { return nil }
            let content = rest[..<end]
            if !content.isEmpty, !content.contains("{{"), !content.contains("{%"), !content.contains("' +"),
                !content.contains("'+"), !content.contains("\" +"), !content.contains("' ~"),
                content.first != "'", content.first != "\""
            {
                return String(content)
            }
        }
        return nil
    }

    private static func spelling(_ id: Int?, _ tokenizer: (any Tokenizer)?) -> String? {
        guard let id, let tokenizer else { return nil }
        return String(decoding: tokenizer.bytes(of: id), as: UTF8.self)
    }
}
