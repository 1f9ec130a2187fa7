/// What a model's files say about its tokens beyond their spelling: which are special, and which begin and end a text.
struct TokenRoles: Sendable {
    /// Tokens found in the text before the algorithm sees it, of which some are special.
    var added: [AddedToken] = []
    var beginningOfText: Int?
    var endOfText: Int?
    var unknown: Int?
    var addsBeginningOfText = false
    var chatTemplate: String?

    /// End tokens that the files name beside ``endOfText``.
    var otherEnds: Set<Int> = []

    /// The markers with which the known chat formats end a turn or a text.
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
