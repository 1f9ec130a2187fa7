internal import GRDB

/// The part of a library that a search or a listing looks at.
public enum LibraryScope: Hashable, Sendable {
    /// Every document.
    case all
    /// The documents of the group of this name.
    case group(String)
    /// These documents, by their keys; several are searched as one.
    case documents([Int64])

    /// One document, by its key.
    public static func document(_ id: Int64) -> LibraryScope { .documents([id]) }
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
        case .documents(let ids):
            for id in ids { _ = try existing(id, db) }
            return Filter(sql: "documents.id IN (\(ids.map(String.init).joined(separator: ", ")))", arguments: [])
        }
    }
}
