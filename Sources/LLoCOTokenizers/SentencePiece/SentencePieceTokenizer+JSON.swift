extension SentencePieceTokenizer {
    /// Creates the tokenizer of a `tokenizer.json` converted from a SentencePiece model: BPE over characters, with
    /// space symbols.
    convenience init(_ json: TokenizerJSON) throws(TokenizerError) {
        try json.checkModel()
        var model = BytePairModel(vocabulary: json.vocabulary, merges: try json.merges(), alphabet: .characters)
        model.unknown = try json.model["unk_token"].string().flatMap { json.vocabulary.id(of: $0) }
            .map { Int32(truncatingIfNeeded: $0) }
        model.fusesUnknown = try json.model["fuse_unk"].bool() ?? false
        model.prefersWholeWords = try json.model["ignore_merges"].bool() ?? false
        var surfaces: [Int: [UInt8]] = [:]
        if try json.model["byte_fallback"].bool() ?? false {
            var bytes = [Int32](repeating: -1, count: 256)
            for byte in UInt8.min...UInt8.max {
                let digits = String(byte, radix: 16, uppercase: true)
                let text = "<0x" + (digits.utf8.count == 1 ? "0" : "") + digits + ">"
                guard let id = json.vocabulary.id(of: text) else {
                    throw json.model["vocab"].fault("has no token \(text), which byte_fallback requires")
                }
                bytes[Int(byte)] = Int32(truncatingIfNeeded: id)
                surfaces[id] = [byte]
            }
            model.byteFallback = bytes
        }
        self.init(
            model: model, options: try SentencePieceOptions(json), roles: json.roles, userDefined: [],
            surfaces: surfaces)
    }
}

extension SentencePieceOptions {
    /// Reads the settings in a `tokenizer.json`: a normalizer that inserts space symbols, or a Metaspace pre-tokenizer.
    init(_ json: TokenizerJSON) throws(TokenizerError) {
        prefix = .never
        dropsLeadingSpace = false
        var replacesSpaces = false
        for step in try json.steps("normalizer", "normalizers") {
            let type = try step["type"].string() ?? ""
            switch type {
            case "Prepend":
                guard try step["prepend"].string() == "\u{2581}" else {
                    throw step.unsupported("prepends something other than a space symbol")
                }
                prefix = .everySegment
                dropsLeadingSpace = true
            case "Replace":
                guard try step["pattern"]["String"].string() == " ", try step["content"].string() == "\u{2581}" else {
                    throw step.unsupported("replaces something other than spaces with space symbols")
                }
                replacesSpaces = true
            default:
                throw step.unsupported(
                    "\(TokenizerError.quoted(type)) is not supported, expected Prepend and Replace of spaces")
            }
        }
        for step in try json.steps("pre_tokenizer", "pretokenizers") {
            let type = try step["type"].string() ?? ""
            if replacesSpaces, type == "Split", try step["pattern"]["String"].string() == " " {
                // Gemma: no effect, because the normalizer has replaced all spaces.
                continue
            }
            guard type == "Metaspace" else {
                throw step.unsupported("\(TokenizerError.quoted(type)) is not supported, expected Metaspace")
            }
            try readMetaspace(step)
        }
    }

    private mutating func readMetaspace(_ step: JSONField) throws(TokenizerError) {
        guard try step["replacement"].string() ?? "\u{2581}" == "\u{2581}" else {
            throw step["replacement"].unsupported("is not the space symbol U+2581")
        }
        let addsPrefixSpace = try step["add_prefix_space"].bool() ?? true  // the key of older files
        let scheme = try step["prepend_scheme"].string() ?? (addsPrefixSpace ? "always" : "never")
        switch scheme {
        case "always": prefix = .everySegment
        case "first": prefix = .first
        case "never": prefix = .never
        default:
            throw step["prepend_scheme"].unsupported(
                "is \(TokenizerError.quoted(scheme)), expected always, first or never")
        }
        keepsLeadingSpace = true
        dropsLeadingSpace = prefix != .never
        splitsAtEverySpace = try step["split"].bool() ?? true
    }
}
