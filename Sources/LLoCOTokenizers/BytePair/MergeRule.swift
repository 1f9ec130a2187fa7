/// A merge as files write it: the spellings of the two tokens.
struct MergeRule {
    let left: String
    let right: String

    init(left: String, right: String) {
        self.left = left
        self.right = right
    }

    /// A merge in the form `left right`.
    init(_ text: String, location: String) throws(TokenizerError) {
        let utf8 = text.utf8
        guard let space = utf8.firstIndex(of: UInt8(ascii: " ")), space > utf8.startIndex,
            utf8.index(after: space) < utf8.endIndex,
            !utf8[utf8.index(after: space)...].contains(UInt8(ascii: " "))
        else {
            throw .malformed(
                location, "merge \(TokenizerError.quoted(text)) is not two tokens with a space between")
        }
        left = String(text[..<space])
        right = String(text[utf8.index(after: space)...])
    }
}

extension PairTable {
    /// The table of `rules`, of which the first ranks first.
    ///
    /// - Throws: ``TokenizerError`` for a merge of, or into, a token that the vocabulary lacks.
    init(_ rules: [MergeRule], _ vocabulary: Vocabulary, location: String) throws(TokenizerError) {
        self.init(capacity: rules.count)
        func id(_ text: String, _ rule: MergeRule, _ rank: Int) throws(TokenizerError) -> Int32 {
            guard let id = vocabulary.id(of: text) else {
                let merge = TokenizerError.quoted("\(rule.left) \(rule.right)")
                throw .malformed(
                    location,
                    "merge \(rank), \(merge), needs token \(TokenizerError.quoted(text)), which there is not")
            }
            return Int32(truncatingIfNeeded: id)
        }
        for (rank, rule) in rules.enumerated() {
            insert(
                try id(rule.left, rule, rank), try id(rule.right, rule, rank),
                rank: UInt32(truncatingIfNeeded: rank),
                merged: try id(rule.left + rule.right, rule, rank))
        }
    }
}
