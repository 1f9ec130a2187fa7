internal import GRDB

extension SQLiteLibrary {
    /// The current documents of a scope.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/notFound``) if the group or a document does not exist.
    public func coverage(of scope: LibraryScope) throws -> ScopeCoverage {
        try read { db in
            ScopeCoverage(
                revision: try self.revision(db),
                documents: scope == .all ? nil : try self.documentKeys(self.filter(scope, db), db))
        }
    }

    /// The keys of the documents that match a filter, ascending.
    func documentKeys(_ filter: Filter, _ db: Database) throws -> [Int64] {
        try Int64.fetchAll(
            db, sql: "SELECT id FROM documents WHERE \(filter.sql) ORDER BY id", arguments: filter.arguments)
    }

    /// An SQL condition on the `documents` table.
    struct Filter {
        let sql: String
        let arguments: StatementArguments
    }

    /// The filter that matches the documents of a scope.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/notFound``) if the group or a document does not exist.
    func filter(_ scope: LibraryScope, _ db: Database) throws -> Filter {
        switch scope {
        case .all:
            return Filter(sql: "1", arguments: [])
        case .group(let name):
            return Filter(sql: "documents.group_id = ?", arguments: [try groupID(name, db)])
        case .documents(let ids):
            // Integer keys are safe to inline, and a statement has room for more keys than arguments.
            let keys = ids.sorted()
            let sql = "documents.id IN (\(keys.map(String.init).joined(separator: ", ")))"
            let found = Set(try Int64.fetchAll(db, sql: "SELECT id FROM documents WHERE \(sql)"))
            if let missing = keys.first(where: { !found.contains($0) }) { _ = try existing(missing, db) }
            return Filter(sql: sql, arguments: [])
        }
    }
}
