/// A passage that answers a search.
public struct RetrievedPassage: Hashable, Sendable {
    /// The passage's key.
    public let id: Int64
    /// Its document's key.
    public let document: Int64
    /// Its document's name.
    public let documentName: String
    /// The UTF-8 byte offset in the document's text where it starts.
    public let start: Int
    /// The UTF-8 byte offset where it ends.
    public let end: Int
    /// Its fused score: the sum of `1 / (60 + rank)` over the rankings that found it.
    public let score: Double
    /// Its text.
    public let text: String

    /// A passage of the given parts.
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

/// A document, as its passages rank it.
public struct RankedDocument: Hashable, Sendable {
    /// The document's key.
    public let id: Int64
    /// Its name.
    public let name: String
    /// The sum of `1 / (60 + rank)` over its best passages.
    public let score: Double
}

/// What a search found.
public struct RetrievalResult: Hashable, Sendable {
    /// The best passages, best first.
    public let passages: [RetrievedPassage]
    /// The documents of all passages found, best first.
    public let documents: [RankedDocument]
    /// Passages of the scope that the embedder has not seen: only words could find them.
    public let unembedded: Int
    /// Whether the question is longer than a search takes: not all of it was looked for.
    public let isCut: Bool
}
