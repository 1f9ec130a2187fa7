internal import Foundation
internal import GRDB

extension SQLiteLibrary {
    /// Embeds the passages of a document that have no embedding by `embedder` yet, a batch a transaction: a killed
    /// process loses at most the batch in hand.
    ///
    /// - Parameters:
    ///   - batch: passages to embed at a time.
    ///   - progress: told after each batch how many passages are done, of how many.
    /// - Returns: how many passages were embedded.
    @discardableResult
    public func embedPassages(
        of document: Int64, with embedder: any TextEmbedder, batch: Int = 64,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> Int {
        let pending = try passagesWithoutEmbedding(of: document, embedder: embedder.identity)
        let batch = max(1, batch)
        for start in stride(from: 0, to: pending.count, by: batch) {
            let passages = pending[start..<min(start + batch, pending.count)]
            let vectors = try embedder.embed(passages.map(\.text))
            guard vectors.count == passages.count else {
                throw LibraryError(
                    .invalid, "\(path): \(passages.count) passages gave \(vectors.count) embeddings")
            }
            try setEmbeddings(
                zip(passages.map(\.id), vectors).map { (passage: $0, values: $1) }, embedder: embedder.identity,
                dimension: embedder.dimension)
            try progress(start + passages.count, pending.count)
        }
        return pending.count
    }

    /// The passages of a document that have no embedding by this embedder yet, in text order.
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

    /// Stores embeddings, float32, in one transaction. A passage that was removed meanwhile is passed over.
    public func setEmbeddings(
        _ embeddings: [(passage: Int64, values: [Float])], embedder: String, dimension: Int
    ) throws {
        guard dimension > 0, !embedder.isEmpty else {
            throw LibraryError(.invalid, "\(path): an embedding needs an embedder's identity and a dimension")
        }
        for embedding in embeddings {
            guard embedding.values.count == dimension, embedding.values.allSatisfy(\.isFinite) else {
                throw LibraryError(
                    .invalid,
                    "\(path): passage \(embedding.passage): an embedding of \(embedding.values.count) values or with "
                        + "infinite ones, expected \(dimension) finite ones")
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

    /// The embeddings of a scope as one matrix; rows are ordered by document, then by place in the text.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/damaged``) where a blob does not have its dimension.
    public func embeddings(in scope: LibraryScope, embedder: String) throws -> EmbeddingMatrix {
        try read { try self.embeddings(in: scope, embedder: embedder, $0) }
    }

    func embeddings(in scope: LibraryScope, embedder: String, _ db: Database) throws -> EmbeddingMatrix {
        let filter = try self.filter(scope, db)
        let source = "FROM passages JOIN documents ON documents.id = passages.document_id WHERE \(filter.sql)"
        let total =
            try Int.fetchOne(db, sql: "SELECT count(*) \(source)", arguments: filter.arguments) ?? 0
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT passages.id, passages.dimension, passages.embedding \(source)
                AND passages.embedder = ? AND passages.embedding IS NOT NULL
                ORDER BY passages.document_id, passages.position
                """, arguments: filter.arguments + [embedder])
        var passages: [Int64] = []
        var values: [Float] = []
        var dimension = 0
        while let row = try rows.next() {
            let id: Int64 = try row.checked("id")
            let columns: Int = try row.checked("dimension")
            if passages.isEmpty {
                guard columns > 0, columns <= 1 << 20 else {
                    throw DamagedValue("passage \(id) has an embedding of dimension \(columns)")
                }
                dimension = columns
                passages.reserveCapacity(min(total, 1 << 24))
            }
            try row.withUnsafeData(atIndex: 2) { bytes in
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
        return EmbeddingMatrix(
            passages: passages, dimension: dimension, values: values, missing: max(0, total - passages.count))
    }
}
