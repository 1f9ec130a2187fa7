/// A token and the range of the text that it covers.
public struct EncodedToken: Sendable, Hashable {
    /// The token's id.
    public var id: Int

    /// The range that the token covers, in UTF-8 bytes of the original text.
    public var range: Range<Int>

    /// Creates a token that covers `range` of a text's UTF-8.
    public init(id: Int, range: Range<Int>) {
        self.id = id
        self.range = range
    }
}
