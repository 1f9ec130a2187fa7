/// A token and the part of the text it stands for.
public struct EncodedToken: Sendable, Hashable {
    /// The token's id.
    public var id: Int

    /// The offsets, in UTF-8 bytes of the original text, that the token covers.
    public var range: Range<Int>

    /// A token that covers `range` of a text's UTF-8.
    public init(id: Int, range: Range<Int>) {
        self.id = id
        self.range = range
    }
}
