import Logging

extension ByteLevelTokenizer {
    /// Creates the tokenizer of a GGUF file whose `tokenizer.ggml.model` is `gpt2`.
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
        model.prefersWholeWords = preTokenizer.prefersWholeWords
        self.init(
            model: model, preTokenizer: PreTokenizer(stages: preTokenizer.stages), usesNFC: false, roles: roles)
    }
}

extension GGUFVocabulary {
    /// The pre-tokenizer that the file names, otherwise the one recognised by the vocabulary, otherwise GPT-2's with a
    /// warning.
    fileprivate func preTokenizer(logger: Logger) throws(TokenizerError) -> GGUFPreTokenizer {
        // llama.cpp's converter writes "default" for an unknown tokenizer.
        if let pre, pre != "default" {
            return try GGUFPreTokenizer(named: pre, location: location)
        }
        let known = GGUFPreTokenizer.name(of: tokens)
        if known == nil {
            logger.warning(
                """
                \(location): tokenizer.ggml.pre is missing and the vocabulary is unknown: using GPT-2's pre-tokenizer; \
                token ids may differ from those of the model's training
                """)
        }
        return try GGUFPreTokenizer(named: known ?? "gpt-2", location: location)
    }
}

extension BytePairModel.Alphabet {
    /// The alphabet of a byte-level vocabulary.
    static func byteLevel(_ vocabulary: Vocabulary) -> BytePairModel.Alphabet {
        .bytes(
            (UInt8.min...UInt8.max).map { byte in
                let id = vocabulary.id(of: ByteAlphabet.spelling(of: CollectionOfOne(byte)))
                return id.map { Int32(truncatingIfNeeded: $0) } ?? -1
            })
    }
}
