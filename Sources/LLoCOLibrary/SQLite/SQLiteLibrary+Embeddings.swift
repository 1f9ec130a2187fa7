internal import Foundation
internal import GRDB

extension SQLiteLibrary {
    /// The passages of a document without an embedding by this embedder, in text order.
    public func passagesWithoutEmbedding(of document: Int64, embedder: String) throws -> [PassageRecord] {
        try read { db in
            _ = try self.existing(document, db)
            return try Row.fetchAll(
                db,
                sql: """
                    \(Self.passageQuery) WHERE document_id = ? AND (embedding IS NULL OR embedder IS NOT ?)
                    ORDER BY position
                    """, arguments: [document, embedder]
            ).map(Self.passage)
        }
    }

    /// Stores embeddings, float32, in one transaction. Passages that were removed in the meantime are skipped.
    public func setEmbeddings(
        _ embeddings: [(passage: Int64, values: [Float])], embedder: String, dimension: Int
    ) throws {
        guard dimension > 0, !embedder.isEmpty else {
            throw LibraryError(
                .invalid,
                "\(path): embeddings of dimension \(dimension) by embedder \"\(embedder)\", expected a positive "
                    + "dimension and an embedder's identity")
        }
        for embedding in embeddings {
            guard embedding.values.count == dimension, embedding.values.allSatisfy(\.isFinite) else {
                throw LibraryError(
                    .invalid,
                    "\(path): passage \(embedding.passage): an embedding of \(embedding.values.count) values, expected "
                        + "\(dimension) finite values")
            }
        }
        try write(touchingPassages: true) { db in
            let update = try db.makeStatement(
                sql: "UPDATE passages SET embedder = ?, dimension = ?, embedding = ? WHERE id = ?")
            for embedding in embeddings {
                try update.execute(arguments: [
                    embedder, dimension, FloatBytes.data(embedding.values), embedding.passage,
                ])
            }
        }
    }

    /// The embeddings of a scope as one matrix. Rows are ordered by document, then by position in the text.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/damaged``) if an embedding does not have its stored dimension.
    public func embeddings(in scope: LibraryScope, embedder: String) throws -> EmbeddingMatrix {
        try read { db in
            let filter = try self.filter(scope, db)
            let source = "FROM passages JOIN documents ON documents.id = passages.document_id WHERE \(filter.sql)"
            let counts = try Row.fetchAll(
                db,
                sql: """
                    SELECT passages.document_id, count(*) AS passage_count \(source)
                    GROUP BY passages.document_id ORDER BY passages.document_id
                    """, arguments: filter.arguments
            ).map { (document: try $0.checked("document_id", as: Int64.self), count: try $0.count("passage_count")) }
            let total = counts.reduce(0) { $0 + $1.count }
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT passages.id, passages.document_id, passages.dimension, passages.embedding \(source)
                    AND passages.embedder = ? AND passages.embedding IS NOT NULL
                    ORDER BY passages.document_id, passages.position
                    """, arguments: filter.arguments + [embedder])
            var documents: [EmbeddingMatrix.Document] = []
            var passages: [Int64] = []
            var values: [Float] = []
            var dimension = 0
            /// Appends the entries of the documents before `document`, or of all remaining documents.
            func finish(before document: Int64?) {
                while documents.count < counts.count, document.map({ counts[documents.count].document < $0 }) ?? true {
                    let next = counts[documents.count]
                    let range = (documents.last?.rows.upperBound ?? 0)..<passages.count
                    documents.append(
                        EmbeddingMatrix.Document(
                            id: next.document, rows: range, missing: max(0, next.count - range.count)))
                }
            }
            while let row = try rows.next() {
                let id: Int64 = try row.checked("id")
                let columns: Int = try row.checked("dimension")
                finish(before: try row.checked("document_id", as: Int64.self))
                if passages.isEmpty {
                    guard columns > 0, columns <= 1 << 20 else {
                        throw DamagedValue("passage \(id) has an embedding of dimension \(columns)")
                    }
                    dimension = columns
                    passages.reserveCapacity(min(total, 1 << 24))
                }
                try row.withUnsafeData(atIndex: 3) { bytes in
                    guard columns == dimension, let bytes, bytes.count == 4 * dimension else {
                        throw DamagedValue(
                            "the embedding of passage \(id) has \(bytes?.count ?? 0) bytes and dimension \(columns), "
                                + "expected dimension \(dimension)")
                    }
                    if passages.isEmpty { values.reserveCapacity(min(total, 1 << 20) * dimension) }
                    guard FloatBytes.append(bytes, to: &values) else {
                        throw DamagedValue("the embedding of passage \(id) is not finite")
                    }
                }
                passages.append(id)
            }
            finish(before: nil)
            return EmbeddingMatrix(
                revision: try self.revision(db), documents: documents, passages: passages, dimension: dimension,
                values: values)
        }
    }
}
