import Foundation

extension SentencePieceTokenizer {
    /// Creates the tokenizer of a `tokenizer.model`, with the added tokens of the folder's other files.
    convenience init(_ bytes: [UInt8], _ folder: TokenizerFolder, location: String) throws(TokenizerError) {
        let file = try SentencePieceFile(bytes, location: location)
        var source = file.model
        var roles = TokenRoles()
        for (id, piece) in source.pieces.enumerated() where piece.type == .control {
            roles.added.append(AddedToken(id: id, text: piece.text, isSpecial: true))
        }
        for token in try folder.addedTokens().sorted(by: { $0.id < $1.id }) {
            if source.pieces.indices.contains(token.id) {
                guard source.pieces[token.id].text == token.text else {
                    throw .malformed(
                        folder.url.path,
                        "added token \(TokenizerError.quoted(token.text)) has id \(token.id), which belongs to "
                            + "\(TokenizerError.quoted(source.pieces[token.id].text)) in \(location)")
                }
                continue
            }
            guard token.id == source.pieces.count else {
                throw .malformed(
                    folder.url.path,
                    "added token \(TokenizerError.quoted(token.text)) has id \(token.id), expected "
                        + "\(source.pieces.count), the next id after those of \(location)")
            }
            source.pieces.append(.init(text: token.text, score: 0, type: .control))
            roles.added.append(token)
        }
        func id(_ id: Int) -> Int? { source.pieces.indices.contains(id) ? id : nil }
        roles.beginningOfText = id(file.beginningOfText)
        roles.endOfText = id(file.endOfText)
        roles.addsBeginningOfText = true
        try folder.complete(&roles, Vocabulary(source.pieces.map(\.text)))
        try self.init(source, roles: roles)
    }
}
