internal import GRDB

extension SQLiteLibrary {
    /// The counts and sizes of the library's content.
    public func statistics() throws -> LibraryStatistics {
        try read { db in
            func number(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
            return LibraryStatistics(
                groups: try number("SELECT count(*) FROM groups"),
                documents: try number("SELECT count(*) FROM documents"),
                textBytes: try number("SELECT sum(byte_count) FROM documents"),
                tokens: try number("SELECT sum(token_count) FROM documents"),
                passages: try number("SELECT count(*) FROM passages"),
                embeddedPassages: try number("SELECT count(*) FROM passages WHERE embedder IS NOT NULL"),
                segments: try number("SELECT count(*) FROM segments"),
                vectors: try number("SELECT sum(vector_count) FROM segments"),
                adapters: try number("SELECT count(*) FROM adapters"),
                trainingRuns: try number("SELECT count(*) FROM training_runs"),
                fileBytes: try number("PRAGMA page_count") * number("PRAGMA page_size"))
        }
    }

    /// Checks the whole file: SQLite's structures, foreign keys, and, if it is open for writing, whether the full-text
    /// index matches the passages.
    ///
    /// - Returns: the faults, one line each; empty if there are none.
    public func verify() throws -> [String] {
        do {
            var faults = try read { db in
                var faults = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
                let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").count
                if orphans > 0 { faults.append("\(orphans) rows refer to missing rows") }
                return faults.map { $0.split(separator: "\n").joined(separator: " ") }
            }
            if access == .writing, faults.isEmpty {
                do {
                    try write { db in
                        try db.execute(
                            sql: "INSERT INTO passage_index (passage_index, rank) VALUES ('integrity-check', 1)")
                    }
                } catch let error as LibraryError where error.code == .damaged {
                    faults.append("the full-text index does not match the passages")
                }
            }
            return faults
        } catch let error as LibraryError where error.code == .damaged {
            return [error.description]
        }
    }
}
