extension WordPieceTokenizer {
    /// Creates the tokenizer of a `tokenizer.json` whose model is WordPiece.
    convenience init(_ json: TokenizerJSON) throws(TokenizerError) {
        var roles = json.roles
        roles.fillBERT(json.vocabulary)
        var normalizer = BertNormalizer(
            cleansText: false, separatesIdeographs: false, lowercases: false, stripsAccents: false)
        for step in try json.steps("normalizer", "normalizers") {
            let type = try step["type"].string() ?? ""
            guard type == "BertNormalizer" else {
                throw step.unsupported("\(TokenizerError.quoted(type)) is not supported, expected BertNormalizer")
            }
            normalizer.cleansText = try step["clean_text"].bool() ?? true
            normalizer.separatesIdeographs = try step["handle_chinese_chars"].bool() ?? true
            normalizer.lowercases = try step["lowercase"].bool() ?? true
            normalizer.stripsAccents = try step["strip_accents"].bool() ?? normalizer.lowercases
        }
        for step in try json.steps("pre_tokenizer", "pretokenizers") {
            let type = try step["type"].string() ?? ""
            guard type == "BertPreTokenizer" else {
                throw step.unsupported("\(TokenizerError.quoted(type)) is not supported, expected BertPreTokenizer")
            }
        }
        let maximumWordScalars = try json.model["max_input_chars_per_word"].integer() ?? 100
        guard 1...100_000 ~= maximumWordScalars else {
            throw json.model["max_input_chars_per_word"].fault("is \(maximumWordScalars), expected 1 to 100000")
        }
        try self.init(
            vocabulary: json.vocabulary, normalizer: normalizer,
            continuation: try json.model["continuing_subword_prefix"].string() ?? "##",
            maximumWordScalars: maximumWordScalars, roles: roles, location: json.location)
    }

    /// Creates the tokenizer of a `vocab.txt` with one token per line.
    convenience init(lines: [UInt8], _ folder: TokenizerFolder, location: String) throws(TokenizerError) {
        guard let text = String(validating: lines, as: UTF8.self) else {
            throw .malformed(location, "not UTF-8 text")
        }
        var tokens: [[UInt8]] = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? Array($0.dropLast()) : Array($0) }
        while tokens.last?.isEmpty == true {
            tokens.removeLast()
        }
        var vocabulary = Vocabulary()
        for token in tokens {
            vocabulary.append(token)
        }
        var roles = TokenRoles()
        for name in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] {
            if let id = vocabulary.id(of: name) {
                roles.added.append(AddedToken(id: id, text: name, isSpecial: true))
            }
        }
        try folder.complete(&roles, vocabulary)
        roles.fillBERT(vocabulary)
        var normalizer = BertNormalizer()
        normalizer.lowercases = try folder.config["do_lower_case"].bool() ?? true
        normalizer.separatesIdeographs = try folder.config["tokenize_chinese_chars"].bool() ?? true
        normalizer.stripsAccents = try folder.config["strip_accents"].bool() ?? normalizer.lowercases
        try self.init(
            vocabulary: vocabulary, normalizer: normalizer, continuation: "##", maximumWordScalars: 100, roles: roles,
            location: location)
    }
}

extension TokenRoles {
    /// Sets the roles of BERT's markers by their names.
    mutating func fillBERT(_ vocabulary: Vocabulary) {
        unknown = unknown ?? vocabulary.id(of: "[UNK]")
        beginningOfText = vocabulary.id(of: "[CLS]") ?? beginningOfText
        endOfText = vocabulary.id(of: "[SEP]") ?? endOfText
        addsBeginningOfText = beginningOfText != nil
    }
}
