import Logging

extension ByteLevelTokenizer {
    /// The tokenizer of a GGUF file whose `tokenizer.ggml.model` is `gpt2`.
    convenience init(_ gguf: GGUFVocabulary, logger: Logger) throws(TokenizerError) {
        var roles = try gguf.roles()
        let preTokenizer = try gguf.preTokenizer(logger: logger)
        roles.addsBeginningOfText =
            (gguf.addsBeginningOfText ?? preTokenizer.addsBeginningOfText) && roles.beginningOfText != nil
        let vocabulary = Vocabulary(gguf.tokens)
        var merges = MergeReader(capacity: gguf.merges.count, vocabulary, location: gguf.location)
        for merge in gguf.merges {
            try merges.add(merge)
        }
        var model = BytePairModel(
            vocabulary: vocabulary, merges: merges.table, alphabet: .byteLevel(vocabulary))
        model.takesWholeWords = preTokenizer.takesWholeWords
        self.init(
            model: model, preTokenizer: PreTokenizer(stages: preTokenizer.stages), composes: false, roles: roles)
    }
}

extension GGUFVocabulary {
    /// The pre-tokenizer that the file names, else the one of the family whose vocabulary this is, else GPT-2's with a
    /// warning.
    fileprivate func preTokenizer(logger: Logger) throws(TokenizerError) -> GGUFPreTokenizer {
        // The converter writes "default" for a tokenizer that it does not know.
        if let pre, pre != "default" {
            return try GGUFPreTokenizer(named: pre, location: location)
        }
        let known = GGUFPreTokenizer.name(of: tokens)
        if known == nil {
            logger.warning(
                """
                \(location): there is no tokenizer.ggml.pre, and the vocabulary is not a known one: words are cut as \
                GPT-2's, and ids may differ from those that the model was trained with
                """)
        }
        return try GGUFPreTokenizer(named: known ?? "gpt-2", location: location)
    }
}

extension BytePairModel.Alphabet {
    /// The bytes, as a byte-level vocabulary spells them.
    static func byteLevel(_ vocabulary: Vocabulary) -> BytePairModel.Alphabet {
        .bytes(
            (UInt8.min...UInt8.max).map { byte in
                let id = vocabulary.id(of: ByteAlphabet.spelling(of: CollectionOfOne(byte)))
                return id.map { Int32(truncatingIfNeeded: $0) } ?? -1
            })
    }
}
