/// A text as an embedding model reads it.
public struct EmbeddingInput: Sendable, Hashable {
    /// The ids, `[CLS]` first and `[SEP]` last.
    public var ids: [Int]

    /// How many tokens of the text did not fit.
    public var omittedTokens: Int
}
