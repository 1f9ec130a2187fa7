/// A stretch of a rendered conversation.
public struct ChatSegment: Sendable, Hashable {
    public var text: String

    /// Whether the text is a message's content rather than the format's own.
    public var isContent: Bool
}
