extension SentencePieceTokenizer {
    /// Creates the tokenizer of a GGUF file whose `tokenizer.ggml.model` is `llama`.
    convenience init(_ gguf: GGUFVocabulary) throws(TokenizerError) {
        var roles = try gguf.roles()
        guard !gguf.scores.isEmpty else {
            throw .malformed(gguf.location, "tokenizer.ggml.scores is missing; a llama vocabulary requires it")
        }
        roles.addsBeginningOfText = (gguf.addsBeginningOfText ?? true) && roles.beginningOfText != nil
        var model = SentencePieceModel(location: gguf.location)
        model.options.prefix = gguf.addsSpacePrefix ?? true ? .everySegment : .never
        model.options.dropsLeadingSpace = gguf.addsSpacePrefix ?? true
        for (id, text) in gguf.tokens.enumerated() {
            var type = gguf.type(of: id)
            if gguf.tokenTypes.isEmpty {
                type = id == roles.unknown ? .unknown : Self.byte(named: text) != nil ? .byte : .normal
            }
            // llama.cpp's converter stores user-defined tokens (Gemma's runs of spaces) with plain spaces.
            let spelling = type == .userDefined ? text.replacing(" ", with: "\u{2581}") : text
            model.pieces.append(.init(text: spelling, score: gguf.scores[id], type: type))
        }
        if gguf.isPhi3 {
            for index in roles.added.indices where !Self.nonStripping.contains(roles.added[index].text) {
                roles.added[index].stripsRight = true
            }
        }
        try self.init(model, roles: roles)
    }

    /// Phi-3's special tokens that do not strip the white space after them.
    private static let nonStripping: Set<String> = ["<unk>", "<s>", "<|endoftext|>"]
}

extension GGUFVocabulary {
    /// Whether this is Phi-3's vocabulary. Its special tokens strip the white space after them, but GGUF has no key for
    /// that.
    fileprivate var isPhi3: Bool {
        tokens.count > 32_007 && tokens[32_001] == "<|assistant|>" && tokens[32_007] == "<|end|>"
    }
}
