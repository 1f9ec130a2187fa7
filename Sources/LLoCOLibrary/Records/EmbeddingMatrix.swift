/// The passage embeddings of a scope at one revision: a float32 matrix `[passages.count, dimension]`, row-major.
///
/// Rows are ordered by document key, then by position in the text, so that each document's rows are contiguous.
public struct EmbeddingMatrix: Sendable {
    /// The rows of one document.
    public struct Document: Hashable, Sendable {
        /// The document's key.
        public let id: Int64
        /// The rows of its passages that have an embedding.
        public let rows: Range<Int>
        /// The number of its passages without an embedding by this embedder.
        public let missing: Int

        /// Creates the rows of one document.
        public init(id: Int64, rows: Range<Int>, missing: Int) {
            self.id = id
            self.rows = rows
            self.missing = missing
        }
    }

    /// The library revision that the embeddings were read at.
    public let revision: LibraryRevision
    /// The documents that have passages, by ascending key. Their rows are contiguous.
    public let documents: [Document]
    /// The passage key of each row.
    public let passages: [Int64]
    /// The number of columns.
    public let dimension: Int
    /// The `passages.count * dimension` values, row-major.
    public let values: [Float]

    /// Creates a matrix. The sizes of its parts must agree.
    public init(
        revision: LibraryRevision, documents: [Document], passages: [Int64], dimension: Int, values: [Float]
    ) {
        var end = 0
        for document in documents {
            precondition(document.rows.lowerBound == end, "documents' rows are contiguous")
            end = document.rows.upperBound
        }
        precondition(end == passages.count && values.count == end * dimension, "values of shape [passages, dimension]")
        self.revision = revision
        self.documents = documents
        self.passages = passages
        self.dimension = dimension
        self.values = values
    }

    /// The number of passages in the scope without an embedding by this embedder.
    public var missing: Int { documents.reduce(0) { $0 + $1.missing } }
}
