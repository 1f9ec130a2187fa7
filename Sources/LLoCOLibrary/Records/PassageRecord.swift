/// A stretch of a document's text that retrieval can find.
public struct PassageRecord: Hashable, Sendable, Identifiable {
    /// Its key within the library.
    public let id: Int64
    /// The key of its document.
    public let document: Int64
    /// Its place among the document's passages, from 0.
    public let position: Int
    /// Its UTF-8 byte offsets in the document's text.
    public let bytes: Range<Int>
    /// The text there.
    public let text: String

    /// A passage of the given parts.
    public init(id: Int64, document: Int64, position: Int, bytes: Range<Int>, text: String) {
        self.id = id
        self.document = document
        self.position = position
        self.bytes = bytes
        self.text = text
    }
}
