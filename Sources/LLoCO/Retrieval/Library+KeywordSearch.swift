internal import GRDB

extension Library {
    /// The passages of a scope that a full-text query matches, by BM25, then by key.
    func passages(
        matching query: String, in scope: LibraryScope, limit: Int, _ db: Database
    ) throws -> [Int64] {
        // Every passage is of some document: to look up those of each match would take three times as long.
        if scope == .all {
            return try Int64.fetchAll(
                db,
                sql: """
                    SELECT rowid FROM passage_index WHERE passage_index MATCH ?
                    ORDER BY bm25(passage_index), rowid LIMIT ?
                    """, arguments: [query, limit])
        }
        let filter = try self.filter(scope, db)
        return try Int64.fetchAll(
            db,
            sql: """
                SELECT passages.id FROM passage_index
                JOIN passages ON passages.id = passage_index.rowid
                JOIN documents ON documents.id = passages.document_id
                WHERE passage_index MATCH ? AND \(filter.sql)
                ORDER BY bm25(passage_index), passages.id LIMIT ?
                """, arguments: [query] + filter.arguments + [limit])
    }
}
