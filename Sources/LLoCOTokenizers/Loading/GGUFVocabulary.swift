/// The `tokenizer.*` metadata of a GGUF file.
///
/// The reader of the file fills in the properties; ``TokenizerLoader/load(gguf:)`` creates a tokenizer from them.
public struct GGUFVocabulary: Sendable {
    /// `tokenizer.ggml.model`: `gpt2` (byte-level BPE), `llama` (SentencePiece) or `bert` (WordPiece).
    public var model: String

    /// `tokenizer.ggml.pre`: the name of the pre-tokenizer of byte-level BPE, such as `smollm` or `llama-bpe`.
    public var pre: String?

    /// `tokenizer.ggml.tokens`, by id.
    public var tokens: [String]

    /// `tokenizer.ggml.scores`, by id; empty if missing.
    public var scores: [Float] = []

    /// `tokenizer.ggml.token_type`, by id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty if
    /// missing.
    public var tokenTypes: [Int] = []

    /// `tokenizer.ggml.merges`: pairs of tokens separated by a space.
    public var merges: [String] = []

    /// `tokenizer.ggml.bos_token_id`.
    public var beginningOfText: Int?

    /// `tokenizer.ggml.eos_token_id`.
    public var endOfText: Int?

    /// `tokenizer.ggml.eot_token_id`.
    public var endOfTurn: Int?

    /// `tokenizer.ggml.unknown_token_id`.
    public var unknown: Int?

    /// `tokenizer.ggml.padding_token_id`.
    public var padding: Int?

    /// `tokenizer.ggml.add_space_prefix`.
    public var addsSpacePrefix: Bool?

    /// `tokenizer.ggml.add_bos_token`.
    public var addsBeginningOfText: Bool?

    /// `tokenizer.chat_template`.
    public var chatTemplate: String?

    /// The name of the file, for messages.
    public var location: String

    /// Creates a vocabulary from its tokens; all other properties have their defaults.
    public init(model: String, tokens: [String], location: String) {
        self.model = model
        self.tokens = tokens
        self.location = location
    }
}

extension GGUFVocabulary {
    enum TokenType: Int {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// The type of a token; normal if the file has no types.
    func type(of id: Int) -> TokenType {
        id < tokenTypes.count ? TokenType(rawValue: tokenTypes[id]) ?? .normal : .normal
    }

    /// The roles of the tokens.
    /// - Throws: ``TokenizerError`` if a list or an id does not fit the tokens.
    func roles() throws(TokenizerError) -> TokenRoles {
        guard !tokens.isEmpty else {
            throw .malformed(location, "tokenizer.ggml.tokens is missing or empty, expected the vocabulary")
        }
        guard tokens.count < Int(Int32.max) / 4 else {
            throw .malformed(
                location,
                "tokenizer.ggml.tokens has \(tokens.count) tokens, expected fewer than \(Int(Int32.max) / 4)")
        }
        for (name, count) in [("scores", scores.count), ("token_type", tokenTypes.count)]
        where count != 0 && count != tokens.count {
            throw .malformed(
                location, "tokenizer.ggml.\(name) has \(count) values, expected one for each of \(tokens.count) tokens")
        }
        var roles = TokenRoles()
        roles.beginningOfText = try checked(beginningOfText, "bos_token_id")
        roles.endOfText = try checked(endOfText, "eos_token_id")
        roles.unknown = try checked(unknown, "unknown_token_id")
        if let endOfTurn = try checked(endOfTurn, "eot_token_id") {
            roles.otherEnds.insert(endOfTurn)
        }
        roles.chatTemplate = chatTemplate
        for (id, text) in tokens.enumerated() {
            switch type(of: id) {
            case .control: roles.added.append(AddedToken(id: id, text: text, isSpecial: true))
            case .userDefined: roles.added.append(AddedToken(id: id, text: text, isSpecial: false))
            default: break
            }
        }
        return roles
    }

    private func checked(_ id: Int?, _ name: String) throws(TokenizerError) -> Int? {
        guard let id else { return nil }
        // Some writers use the largest 32-bit number, or -1, for a missing token.
        if id == -1 || id == Int(UInt32.max) {
            return nil
        }
        guard tokens.indices.contains(id) else {
            throw .malformed(location, "tokenizer.ggml.\(name) is \(id), expected an id below \(tokens.count)")
        }
        return id
    }
}
