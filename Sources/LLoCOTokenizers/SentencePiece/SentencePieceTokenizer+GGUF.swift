extension SentencePieceTokenizer {
    /// The tokenizer of a GGUF file whose `tokenizer.ggml.model` is `llama`.
    convenience init(_ gguf: GGUFVocabulary) throws(TokenizerError) {
        var roles = try gguf.roles()
        guard !gguf.scores.isEmpty else {
            throw .malformed(gguf.location, "there is no tokenizer.ggml.scores, which a llama vocabulary needs")
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
            model.pieces.append(.init(text: text, score: gguf.scores[id], type: type))
        }
        try self.init(model, roles: roles)
    }
}
