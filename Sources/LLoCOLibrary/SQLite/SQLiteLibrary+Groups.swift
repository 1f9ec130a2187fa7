internal import Foundation
internal import GRDB

extension SQLiteLibrary {
    /// The names of all groups, in the order of creation.
    public func groups() throws -> [String] {
        try read { try String.fetchAll($0, sql: "SELECT name FROM groups ORDER BY id") }
    }

    /// Deletes a group with its documents, adapters and training runs.
    public func removeGroup(_ name: String) throws {
        try write(touchingPassages: true) { db in
            let id = try self.groupID(name, db)
            try db.execute(sql: "DELETE FROM groups WHERE id = ?", arguments: [id])
        }
    }

    func groupID(_ name: String, _ db: Database) throws -> Int64 {
        if let id = try Int64.fetchOne(db, sql: "SELECT id FROM groups WHERE name = ?", arguments: [name]) { return id }
        let names = try String.fetchAll(db, sql: "SELECT name FROM groups ORDER BY id LIMIT 6")
        throw LibraryError(.notFound, "\(path): no group \"\(name)\"; \(Self.listing(names, of: "groups"))")
    }

    /// The key of a group, which is created if missing.
    func groupIDCreatingIfMissing(_ name: String, _ db: Database) throws -> Int64 {
        guard !name.isEmpty else { throw LibraryError(.invalid, "\(path): a group needs a name") }
        if let id = try Int64.fetchOne(db, sql: "SELECT id FROM groups WHERE name = ?", arguments: [name]) { return id }
        try db.execute(
            sql: "INSERT INTO groups (name, created) VALUES (?, ?)",
            arguments: [name, Date().timeIntervalSince1970])
        return db.lastInsertedRowID
    }
}
