/// The passage embeddings of a scope as one matrix `[passages.count, dimension]`, row after row, float32, at one moment.
///
/// Rows are ordered by document, then by place in the text: a document's are next to each other.
public struct EmbeddingMatrix: Sendable {
    /// A document's part of the matrix.
    public struct Document: Hashable, Sendable {
        /// The document's key.
        public let id: Int64
        /// The rows of its passages that have an embedding.
        public let rows: Range<Int>
        /// How many of its passages have none by this embedder yet.
        public let missing: Int

        /// A document's part.
        public init(id: Int64, rows: Range<Int>, missing: Int) {
            self.id = id
            self.rows = rows
            self.missing = missing
        }
    }

    /// The library's revision at that moment.
    public let revision: LibraryRevision
    /// The documents that have passages, by ascending key; their rows follow each other without a gap.
    public let documents: [Document]
    /// The passages' keys, a row each.
    public let passages: [Int64]
    /// The columns.
    public let dimension: Int
    /// `passages.count * dimension` values.
    public let values: [Float]

    /// A matrix of the given parts, which must fit each other.
    public init(
        revision: LibraryRevision, documents: [Document], passages: [Int64], dimension: Int, values: [Float]
    ) {
        var end = 0
        for document in documents {
            precondition(document.rows.lowerBound == end, "documents' rows follow each other")
            end = document.rows.upperBound
        }
        precondition(end == passages.count && values.count == end * dimension, "[passages, dimension] values")
        self.revision = revision
        self.documents = documents
        self.passages = passages
        self.dimension = dimension
        self.values = values
    }

    /// How many passages of the scope have no embedding by this embedder yet.
    public var missing: Int { documents.reduce(0) { $0 + $1.missing } }
}
