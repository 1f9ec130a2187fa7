internal import GRDB

/// The part of a library that a search or a listing looks at.
public enum LibraryScope: Hashable, Sendable {
    /// Every document.
    case all
    /// The documents of the group of this name.
    case group(String)
    /// These documents, by their keys.
    case documents(Set<Int64>)

    /// One document, by its key.
    public static func document(_ id: Int64) -> LibraryScope { .documents([id]) }
}

extension SQLiteLibrary {
    /// A condition on the `documents` table.
    struct Filter {
        let sql: String
        let arguments: StatementArguments
    }

    /// - Throws: ``LibraryError`` (``LibraryError/Code/notFound``) where the group or a document does not exist.
    func filter(_ scope: LibraryScope, _ db: Database) throws -> Filter {
        switch scope {
        case .all:
            return Filter(sql: "1", arguments: [])
        case .group(let name):
            return Filter(sql: "documents.group_id = ?", arguments: [try groupID(name, db)])
        case .documents(let ids):
            // Keys are integers, so they may stand in the statement, which takes more of them than it takes arguments.
            let keys = ids.sorted()
            let sql = "documents.id IN (\(keys.map(String.init).joined(separator: ", ")))"
            let found = Set(try Int64.fetchAll(db, sql: "SELECT id FROM documents WHERE \(sql)"))
            if let missing = keys.first(where: { !found.contains($0) }) { _ = try existing(missing, db) }
            return Filter(sql: sql, arguments: [])
        }
    }
}
