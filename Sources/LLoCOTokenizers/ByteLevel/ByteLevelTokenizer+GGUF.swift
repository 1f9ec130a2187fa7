extension ByteLevelTokenizer {
    /// The tokenizer of a GGUF file whose `tokenizer.ggml.model` is `gpt2`.
    convenience init(_ gguf: GGUFVocabulary) throws(TokenizerError) {
        var roles = try gguf.roles()
        let preTokenizer = try PreTokenizer(gguf: gguf.pre, location: gguf.location)
        let isLlama3 = preTokenizer.stages == [.pattern(.llama3(digits: 3))]
        roles.addsBeginningOfText =
            (gguf.addsBeginningOfText ?? isLlama3) && roles.beginningOfText != nil
        let vocabulary = Vocabulary(gguf.tokens)
        let merges = try gguf.merges.map { (merge) throws(TokenizerError) in
            try MergeRule(merge, location: gguf.location)
        }
        var model = try BytePairModel(
            vocabulary: vocabulary, merges: PairTable(merges, vocabulary, location: gguf.location),
            alphabet: .byteLevel(vocabulary))
        // Llama 3's reference tokenizer takes a word that is a token as it is.
        model.takesWholeWords = isLlama3
        self.init(model: model, preTokenizer: preTokenizer, composes: false, roles: roles)
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
