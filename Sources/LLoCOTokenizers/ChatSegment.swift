/// A part of a rendered conversation.
public struct ChatSegment: Sendable, Hashable {
    /// The text of the part.
    public var text: String

    /// Whether the text is the content of a message, not a marker of the format.
    public var isContent: Bool
}
