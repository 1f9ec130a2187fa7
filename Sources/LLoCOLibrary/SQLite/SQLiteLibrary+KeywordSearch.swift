internal import GRDB

extension SQLiteLibrary {
    /// The passages of a scope that a full-text query matches, by BM25, then by key.
    func passages(
        matching query: String, in scope: LibraryScope, limit: Int, _ db: Database
    ) throws -> [Int64] {
        let filter = try self.filter(scope, db)
        let known = try ranking.prepare(db, revision: revision(db))
        let best =
            "SELECT rowid FROM passage_index WHERE passage_index MATCH ? ORDER BY "
            + "\(KeywordRanking.function)(passage_index), rowid"
        if scope == .all { return try Int64.fetchAll(db, sql: best + " LIMIT ?", arguments: [query, limit]) }
        // To join each match with its passage and document would take many times as long as to rank it.
        let documents = try Set(
            Int64.fetchAll(
                db, sql: "SELECT id FROM documents WHERE \(filter.sql)", arguments: filter.arguments))
        let ranked = try Int64.fetchCursor(db, sql: best, arguments: [query])
        var found: [Int64] = []
        while found.count < limit, let passage = try ranked.next() {
            if let document = known[passage]?.document, documents.contains(document) { found.append(passage) }
        }
        return found
    }

    /// The passages that a full-text query matches, with their scores, best first: as they are ranked here, or by
    /// SQLite's own function, which tests compare it with.
    package func ranking(of query: String, bySQLite: Bool) throws -> [(passage: Int64, score: Double)] {
        try read { db in
            try ranking.prepare(db, revision: revision(db))
            let function = bySQLite ? "bm25" : KeywordRanking.function
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT rowid, \(function)(passage_index) FROM passage_index WHERE passage_index MATCH ?
                    ORDER BY 2, rowid
                    """, arguments: [query]
            ).map { (passage: $0[0], score: $0[1]) }
        }
    }
}
