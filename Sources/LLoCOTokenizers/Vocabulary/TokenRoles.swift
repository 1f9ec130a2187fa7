/// The roles of a model's tokens: added and special tokens, and the tokens that begin and end a text.
struct TokenRoles: Sendable {
    /// Tokens matched in the text before the algorithm runs; some are special.
    var added: [AddedToken] = []
    var beginningOfText: Int?
    var endOfText: Int?
    var unknown: Int?
    var addsBeginningOfText = false
    var chatTemplate: String?

    /// End tokens in the files other than ``endOfText``.
    var otherEnds: Set<Int> = []

    /// The markers that end a turn or a text in the supported chat formats.
    private static let endMarkers: Set<String> = [
        "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<|end|>", "<end_of_turn>",
        "</s>",
    ]

    /// Every token at which generation stops.
    var endTokens: Set<Int> {
        var ends = otherEnds
        if let endOfText {
            ends.insert(endOfText)
        }
        for token in added where token.isSpecial && Self.endMarkers.contains(token.text) {
            ends.insert(token.id)
        }
        return ends
    }
}
