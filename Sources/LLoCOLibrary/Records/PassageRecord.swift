/// A stored passage: a chunk of a document's text, the unit that retrieval finds.
public struct PassageRecord: Hashable, Sendable, Identifiable {
    /// The passage's key within the library.
    public let id: Int64
    /// The key of the document.
    public let document: Int64
    /// The passage's index among the document's passages, from 0.
    public let position: Int
    /// The passage's UTF-8 byte offsets in the document's text.
    public let bytes: Range<Int>
    /// The passage's text.
    public let text: String

    /// Creates a record from its fields.
    public init(id: Int64, document: Int64, position: Int, bytes: Range<Int>, text: String) {
        self.id = id
        self.document = document
        self.position = position
        self.bytes = bytes
        self.text = text
    }
}
