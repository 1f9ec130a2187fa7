internal import GRDB

/// The part of a library that a search or a listing looks at.
public enum LibraryScope: Hashable, Sendable {
    /// Every document.
    case all
    /// The documents of the group of this name.
    case group(String)
    /// One document, by its key.
    case document(Int64)
}

extension Library {
    /// A condition on the `documents` table.
    struct Filter {
        let sql: String
        let arguments: StatementArguments
    }

    /// - Throws: ``LibraryError`` (``LibraryError/Code/notFound``) where the group or document does not exist.
    func filter(_ scope: LibraryScope, _ db: Database) throws -> Filter {
        switch scope {
        case .all:
            return Filter(sql: "1", arguments: [])
        case .group(let name):
            return Filter(sql: "documents.group_id = ?", arguments: [try groupID(name, db)])
        case .document(let id):
            _ = try existing(id, db)
            return Filter(sql: "documents.id = ?", arguments: [id])
        }
    }
}
