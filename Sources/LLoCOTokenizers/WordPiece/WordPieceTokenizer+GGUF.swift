extension WordPieceTokenizer {
    /// The tokenizer of a GGUF file whose `tokenizer.ggml.model` is `bert`.
    ///
    /// GGUF spells a piece that begins a word with a space symbol in front, and others without; here it is the other way
    /// round, as BERT's own vocabulary has it.
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
            vocabulary: vocabulary, normalizer: BertNormalizer(), continuation: "##", longestWord: 100, roles: roles,
            location: gguf.location)
    }
}
