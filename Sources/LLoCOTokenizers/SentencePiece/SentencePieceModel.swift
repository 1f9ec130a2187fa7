/// The pieces and settings of a SentencePiece model from any file format.
struct SentencePieceModel {
    /// `SentencePiece.Type` in sentencepiece_model.proto. GGUF uses the same values.
    typealias PieceType = GGUFVocabulary.TokenType

    struct Piece {
        var text: String
        var score: Float
        var type: PieceType
    }

    var pieces: [Piece] = []
    var options = SentencePieceOptions()

    /// The decoded text of unknown tokens.
    var unknownSurface = " \u{2047} "

    let location: String
}

extension SentencePieceTokenizer {
    /// Creates the tokenizer of a scored vocabulary, in which the merge with the highest score comes next.
    convenience init(_ source: SentencePieceModel, roles: TokenRoles) throws(TokenizerError) {
        let vocabulary = Vocabulary(source.pieces.map(\.text))
        var roles = roles
        var surfaces: [Int: [UInt8]] = [:]
        var bytes = [Int32](repeating: -1, count: 256)
        var userDefined: [AddedToken] = []
        for (id, piece) in source.pieces.enumerated() {
            switch piece.type {
            case .byte:
                guard let byte = Self.byte(named: piece.text) else {
                    throw .malformed(
                        source.location,
                        "byte token \(id) is \(TokenizerError.quoted(piece.text)), expected a form like <0x0A>")
                }
                bytes[Int(byte)] = Int32(truncatingIfNeeded: id)
                surfaces[id] = [byte]
            case .unknown:
                roles.unknown = id
                surfaces[id] = Array(source.unknownSurface.utf8)
            case .userDefined:
                userDefined.append(AddedToken(id: id, text: piece.text, isSpecial: false))
            case .control, .normal, .unused:
                break
            }
        }
        let ids = Set(userDefined.map(\.id))
        roles.added.removeAll { ids.contains($0.id) }
        let hasBytes = bytes.contains { $0 >= 0 }
        if hasBytes, let missing = bytes.firstIndex(where: { $0 < 0 }) {
            throw .malformed(source.location, "no byte token for byte \(missing), expected one for each byte")
        }
        if !hasBytes, roles.unknown == nil {
            throw .malformed(source.location, "neither byte tokens nor an unknown token, expected one of them")
        }
        let (merges, inner) = try Self.merges(of: source.pieces, location: source.location)
        var model = BytePairModel(vocabulary: vocabulary, merges: merges, alphabet: .characters)
        model.byteFallback = hasBytes ? bytes : nil
        model.unknown = roles.unknown.map { Int32(truncatingIfNeeded: $0) }
        model.innerCharacters = inner
        self.init(model: model, options: source.options, roles: roles, userDefined: userDefined, surfaces: surfaces)
    }

    /// The byte of a token of the form `<0x0A>`.
    static func byte(named text: String) -> UInt8? {
        guard text.utf8.count == 6, text.hasPrefix("<0x"), text.hasSuffix(">") else { return nil }
        return UInt8(text.dropFirst(3).dropLast(), radix: 16)
    }

    /// Finding the halves of a piece takes time quadratic in its length. Real pieces are words.
    private static let maximumPieceBytes = 1024

    /// All pairs of pieces whose concatenation is a piece, ranked by score.
    ///
    /// SentencePiece looks up concatenations while merging. Because a symbol is always a piece or a single character,
    /// all pairs can be computed in advance.
    private static func merges(
        of pieces: [SentencePieceModel.Piece], location: String
    ) throws(TokenizerError) -> (PairTable, inner: Vocabulary) {
        var symbols = Vocabulary(capacity: pieces.count * 2)
        for piece in pieces {
            // Control, unknown and byte pieces are not text.
            let isText = piece.type == .normal || piece.type == .userDefined || piece.type == .unused
            symbols.append(isText ? piece.text : "")
            guard piece.text.utf8.count <= maximumPieceBytes else {
                throw .malformed(
                    location, "a token of \(piece.text.utf8.count) bytes, expected at most \(maximumPieceBytes)")
            }
            guard !piece.score.isNaN else {
                throw .malformed(location, "the score of token \(TokenizerError.quoted(piece.text)) is not a number")
            }
        }
        var inner = Vocabulary()
        for piece in pieces where piece.type == .normal {
            var text = piece.text
            text.withUTF8 { bytes in
                var index = 0
                while index < bytes.count {
                    let character = bytes.slice(index..<(index + bytes.scalar(at: index).length))
                    if symbols.id(of: character) == nil {
                        symbols.append(character)
                        inner.append(character)
                    }
                    index += character.count
                }
            }
        }
        let ranks = ranks(of: pieces)
        var table = PairTable(capacity: pieces.count * 2)
        for (id, piece) in pieces.enumerated() where piece.type == .normal {
            var text = piece.text
            text.withUTF8 { text in
                // Of several pieces with the same spelling, the first is the token.
                guard symbols.id(of: text) == id else { return }
                for middle in 1..<max(text.count, 1) where text[middle] & 0xC0 != 0x80 {
                    if let left = symbols.id(of: text.slice(0..<middle)),
                        let right = symbols.id(of: text.slice(middle..<text.count))
                    {
                        table.insert(
                            Int32(truncatingIfNeeded: left), Int32(truncatingIfNeeded: right), rank: ranks[id],
                            merged: Int32(truncatingIfNeeded: id))
                    }
                }
            }
        }
        return (table, inner)
    }

    /// The rank of every piece by descending score. Equal scores share a rank.
    private static func ranks(of pieces: [SentencePieceModel.Piece]) -> [UInt32] {
        var ranks = [UInt32](repeating: 0, count: pieces.count)
        var rank: UInt32 = 0
        var previous: Float?
        for id in pieces.indices.sorted(by: { pieces[$0].score > pieces[$1].score }) {
            if let previous, pieces[id].score < previous {
                rank += 1
            }
            previous = pieces[id].score
            ranks[id] = rank
        }
        return ranks
    }
}
