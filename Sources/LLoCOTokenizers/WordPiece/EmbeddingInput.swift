/// The input of an embedding model for one text.
public struct EmbeddingInput: Sendable, Hashable {
    /// The token ids, with `[CLS]` first and `[SEP]` last.
    public var ids: [Int]

    /// Number of truncated tokens.
    public var omittedTokens: Int
}
