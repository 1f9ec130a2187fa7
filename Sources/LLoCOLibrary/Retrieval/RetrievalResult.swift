/// A passage that a search found.
public struct RetrievedPassage: Hashable, Sendable {
    /// The passage's key.
    public let id: Int64
    /// The key of the document.
    public let document: Int64
    /// The name of the document.
    public let documentName: String
    /// The passage's start in the document's text, a UTF-8 byte offset.
    public let start: Int
    /// The passage's end in the document's text, a UTF-8 byte offset, exclusive.
    public let end: Int
    /// The fused score: the sum of `1 / (60 + rank)` over the rankings that contain the passage.
    public let score: Double
    /// The passage's text.
    public let text: String

    /// Creates a passage from its fields.
    public init(
        id: Int64, document: Int64, documentName: String, start: Int, end: Int, score: Double, text: String
    ) {
        self.id = id
        self.document = document
        self.documentName = documentName
        self.start = start
        self.end = end
        self.score = score
        self.text = text
    }
}

/// A document, ranked by its passages.
public struct RankedDocument: Hashable, Sendable {
    /// The document's key.
    public let id: Int64
    /// The document's name.
    public let name: String
    /// The sum of `1 / (60 + rank)` over the document's best passages.
    public let score: Double
}

/// The result of a search.
public struct RetrievalResult: Hashable, Sendable {
    /// The best passages, best first.
    public let passages: [RetrievedPassage]
    /// The documents of all found passages, best first.
    public let documents: [RankedDocument]
    /// The number of passages in the scope without an embedding. Only the keyword search could find them.
    public let unembedded: Int
    /// Whether the question was truncated: it is longer than the keyword search or the embedder accepts.
    public let isTruncated: Bool
}
