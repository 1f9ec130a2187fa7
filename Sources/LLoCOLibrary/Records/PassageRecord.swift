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

/// The passage embeddings of a scope as one matrix `[passages.count, dimension]`, row after row, float32.
public struct EmbeddingMatrix: Sendable {
    /// The passages' keys, a row each.
    public let passages: [Int64]
    /// The columns.
    public let dimension: Int
    /// `passages.count * dimension` values.
    public let values: [Float]
    /// How many passages of the scope have no embedding by this embedder yet.
    public let missing: Int

    package init(passages: [Int64], dimension: Int, values: [Float], missing: Int) {
        self.passages = passages
        self.dimension = dimension
        self.values = values
        self.missing = missing
    }
}
