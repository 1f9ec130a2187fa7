extension WordPieceTokenizer {
    /// Creates the tokenizer of a GGUF file whose `tokenizer.ggml.model` is `bert`.
    ///
    /// GGUF marks pieces that begin a word with a space symbol. They are converted to BERT's own spelling, which marks
    /// the other pieces with `##`.
    convenience init(_ gguf: GGUFVocabulary) throws(TokenizerError) {
        var roles = try gguf.roles()
        let special = Set(roles.added.map(\.id))
        var vocabulary = Vocabulary()
        for (id, token) in gguf.tokens.enumerated() {
            let text = Array(token.utf8)
            if special.contains(id) || gguf.type(of: id) == .unknown {
                vocabulary.append(text)
            } else if text.starts(with: SpaceSymbol.bytes) {
                vocabulary.append(Array(text.dropFirst(SpaceSymbol.bytes.count)))
            } else {
                vocabulary.append(Array("##".utf8) + text)
            }
        }
        roles.unknown = roles.unknown ?? vocabulary.id(of: "[UNK]")
        roles.beginningOfText = vocabulary.id(of: "[CLS]") ?? roles.beginningOfText
        roles.endOfText = vocabulary.id(of: "[SEP]") ?? roles.endOfText
        roles.addsBeginningOfText = true
        try self.init(
            vocabulary: vocabulary, normalizer: BertNormalizer(), continuation: "##", maximumWordScalars: 100,
            roles: roles, location: gguf.location)
    }
}
