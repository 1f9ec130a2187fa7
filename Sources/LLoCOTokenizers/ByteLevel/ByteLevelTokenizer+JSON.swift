extension ByteLevelTokenizer {
    /// Creates the tokenizer of a `tokenizer.json` whose pre-tokenizer is byte-level.
    convenience init(_ json: TokenizerJSON) throws(TokenizerError) {
        try json.checkModel()
        var model = BytePairModel(
            vocabulary: json.vocabulary, merges: try json.merges(), alphabet: .byteLevel(json.vocabulary))
        model.unknown = try json.model["unk_token"].string().flatMap { json.vocabulary.id(of: $0) }
            .map { Int32(truncatingIfNeeded: $0) }
        model.fusesUnknown = try json.model["fuse_unk"].bool() ?? false
        model.prefersWholeWords = try json.model["ignore_merges"].bool() ?? false
        self.init(
            model: model, preTokenizer: try PreTokenizer(json), usesNFC: try Self.usesNFC(json), roles: json.roles)
    }

    private static func usesNFC(_ json: TokenizerJSON) throws(TokenizerError) -> Bool {
        var usesNFC = false
        for step in try json.steps("normalizer", "normalizers") {
            guard try step["type"].string() == "NFC" else {
                let type = try step["type"].string() ?? ""
                throw step.unsupported("\(TokenizerError.quoted(type)) is not supported, expected NFC or none")
            }
            usesNFC = true
        }
        return usesNFC
    }
}

extension PreTokenizer {
    /// Reads the pre-tokenizer of a `tokenizer.json` for byte-level BPE.
    init(_ json: TokenizerJSON) throws(TokenizerError) {
        self.init(stages: [])
        var isByteLevel = false
        for step in try json.steps("pre_tokenizer", "pretokenizers") {
            let type = try step["type"].string() ?? ""
            switch type {
            case "Digits":
                stages.append(.digits(individual: try step["individual_digits"].bool() ?? false))
            case "Split":
                stages.append(.pattern(try Self.pattern(step)))
            case "ByteLevel":
                isByteLevel = true
                if try step["add_prefix_space"].bool() ?? true {
                    guard stages.isEmpty else {
                        throw step.unsupported("adds a space to every word, which is not supported")
                    }
                    addsPrefixSpace = true
                }
                if try step["use_regex"].bool() ?? true {
                    stages.append(.pattern(.gpt2))
                }
            default:
                throw step.unsupported(
                    "\(TokenizerError.quoted(type)) is not supported, expected Split, Digits or ByteLevel")
            }
        }
        guard isByteLevel else {
            throw json.root["pre_tokenizer"].unsupported("has no ByteLevel step, which byte-level BPE requires")
        }
    }

    private static func pattern(_ step: JSONField) throws(TokenizerError) -> SplitPattern {
        let field = step["pattern"]["Regex"]
        guard let expression = try field.string() else {
            throw step.unsupported("splits at a string, which is not supported")
        }
        // The known expressions match the whole text, so keeping the matches equals keeping matches and gaps.
        let behavior = try step["behavior"].string() ?? ""
        let keepsMatches = try step["invert"].bool() ?? false
        guard behavior == "Isolated" || (behavior == "Removed" && keepsMatches) else {
            throw step.unsupported("has the behavior \(TokenizerError.quoted(behavior)), expected Isolated")
        }
        guard let pattern = SplitPattern(expression: expression) else {
            throw field.unsupported(
                "\(TokenizerError.quoted(expression)) is unknown, expected that of GPT-2, Llama 3, Qwen 2, GPT-4o or "
                    + "Tekken")
        }
        return pattern
    }
}
