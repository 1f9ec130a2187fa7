import LLoCOBase

/// The parts of a `tokenizer.json` that all kinds of tokenizers share.
struct TokenizerJSON {
    let root: JSONField
    let vocabulary: Vocabulary
    var roles = TokenRoles()

    var location: String { root.location }
    var model: JSONField { root["model"] }

    init(_ root: JSONField, _ folder: TokenizerFolder?) throws(TokenizerError) {
        self.root = root
        var tokens: [AddedToken] = []
        for field in try root["added_tokens"].elements() ?? [] {
            tokens.append(try AddedToken(id: field["id"].required(field["id"].integer()), field))
        }
        let vocab = root["model"]["vocab"]
        if case .array? = vocab.value {
            throw .unsupported(root.location, "unigram is not supported, expected a BPE or WordPiece model")
        }
        var pairs: [(text: String, id: Int)] = []
        let members = try vocab.required(vocab.members())
        pairs.reserveCapacity(members.count)
        for (text, value) in members {
            guard case .integer(let id) = value else {
                throw .malformed(
                    root.location,
                    "model.vocab: token \(TokenizerError.quoted(text)) is \(value.kind), expected a whole number")
            }
            pairs.append((text, id))
        }
        vocabulary = try Vocabulary(pairs, adding: tokens, location: root.location)
        roles.added = tokens
        if let unknown = try root["model"]["unk_token"].string() {
            roles.unknown = vocabulary.id(of: unknown)
        }
        roles.addsBeginningOfText = try readPostProcessor()
        if let folder {
            try folder.complete(&roles, vocabulary)
        }
    }

    /// The algorithm of the file. In older files without the field, the presence of merges decides.
    func kind() throws(TokenizerError) -> String {
        if let type = try model["type"].string() {
            return type
        }
        return model["merges"].value == nil ? "WordPiece" : "BPE"
    }

    /// The steps of `normalizer` or `pre_tokenizer`: the elements of a sequence, or the single step.
    func steps(_ name: String, _ list: String) throws(TokenizerError) -> [JSONField] {
        try Self.flattened(root[name], list, depth: 0)
    }

    private static func flattened(
        _ field: JSONField, _ list: String, depth: Int
    ) throws(TokenizerError) -> [JSONField] {
        guard field.value != nil else { return [] }
        guard try field["type"].string() == "Sequence", depth < 8 else { return [field] }
        var steps: [JSONField] = []
        for element in try field[list].required(field[list].elements()) {
            steps.append(contentsOf: try flattened(element, list, depth: depth + 1))
        }
        return steps
    }

    func merges() throws(TokenizerError) -> PairTable {
        let field = model["merges"]
        guard case .array(let elements)? = field.value else {
            throw field.fault("is \(field.value?.kind ?? "missing"), expected a list")
        }
        var merges = MergeReader(capacity: elements.count, vocabulary, location: location)
        for (index, element) in elements.enumerated() {
            switch element {
            case .string(let text):
                try merges.add(text)
            case .array(let parts):
                guard parts.count == 2, case .string(let left) = parts[0], case .string(let right) = parts[1] else {
                    throw .malformed(location, "model.merges[\(index)] is not two tokens")
                }
                try merges.add(left, right)
            default:
                throw .malformed(location, "model.merges[\(index)] is \(element.kind), expected two tokens")
            }
        }
        return merges.table
    }

    /// Refuses settings of a BPE model that this package would compute wrongly.
    func checkModel() throws(TokenizerError) {
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = try model[key].string(), !text.isEmpty {
                throw model[key].unsupported("is \(TokenizerError.quoted(text)), which is not supported")
            }
        }
        switch model["dropout"].value {
        case nil, .integer(0): break
        case .number(let rate) where rate == 0: break
        default: throw model["dropout"].unsupported("is set, which is not supported: ids would be random")
        }
    }

    /// Whether the post-processor prepends one token to a text. A token that it names is stored as the BOS token.
    private mutating func readPostProcessor() throws(TokenizerError) -> Bool {
        for step in try steps("post_processor", "processors") {
            let type = try step["type"].string()
            if type == "BertProcessing" || type == "RobertaProcessing" {
                return true
            }
            guard type == "TemplateProcessing", let first = try step["single"].elements()?.first,
                let name = try first["SpecialToken"]["id"].string()
            else { continue }
            let ids = try step["special_tokens"][name]["ids"].elements() ?? []
            if ids.count == 1, let id = try ids[0].integer(), id >= 0, id < vocabulary.count {
                roles.beginningOfText = id
                return true
            }
        }
        return false
    }
}
