internal import GRDB

extension SQLiteLibrary {
    /// The passages of a scope that match a query, ranked by BM25, then by key.
    public func passages(
        matching query: KeywordQuery, in scope: LibraryScope, limit: Int
    ) throws -> RankedPassages {
        try read { db in
            let filter = try self.filter(scope, db)
            let revision = try self.revision(db)
            guard let text = query.fullText, limit > 0 else { return RankedPassages(revision: revision, hits: []) }
            let cached = try ranking.prepare(db, revision: revision)
            // Joining each match with its passage and document would take many times as long as ranking it.
            let documents = try scope == .all ? nil : Set(self.documentKeys(filter, db))
            let ranked = try Int64.fetchCursor(
                db,
                sql: """
                    SELECT rowid FROM passage_index WHERE passage_index MATCH ?
                    ORDER BY \(KeywordRanking.function)(passage_index), rowid LIMIT ?
                    """, arguments: [text, documents == nil ? limit : -1])
            var hits: [RankedPassages.Hit] = []
            while hits.count < limit, let passage = try ranked.next() {
                let document = cached[passage]?.document
                if let documents, !(document.map(documents.contains) ?? false) { continue }
                // In a damaged file the full-text index may name a missing passage.
                guard let document else {
                    throw DamagedValue("passage \(passage) is in the full-text index but not in the table of passages")
                }
                hits.append(RankedPassages.Hit(passage: passage, document: document))
            }
            return RankedPassages(revision: revision, hits: hits)
        }
    }

    /// The passages that match a full-text query, with their scores, best first: ranked by ``KeywordRanking``, or by
    /// SQLite's own function for comparison in tests.
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

extension KeywordQuery {
    /// The query in FTS5 syntax; nil if there are no words. Words are quoted, so that none is parsed as an operator.
    var fullText: String? {
        words.isEmpty ? nil : words.map { "\"\($0)\"" }.joined(separator: " OR ")
    }
}
