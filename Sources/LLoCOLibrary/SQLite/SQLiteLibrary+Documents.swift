internal import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    /// The documents of a scope, in the order of addition.
    public func documents(in scope: LibraryScope = .all) throws -> [DocumentRecord] {
        try read { db in
            let filter = try self.filter(scope, db)
            return try Row.fetchAll(
                db, sql: Self.documentQuery + " WHERE \(filter.sql) ORDER BY documents.id", arguments: filter.arguments
            ).map(Self.document)
        }
    }

    /// The document with this key; nil if it was removed.
    public func document(id: Int64) throws -> DocumentRecord? {
        try read { try self.document(id: id, $0) }
    }

    /// The document with this name, or with this path if no name matches.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/notFound``) that lists the existing names.
    public func document(named name: String) throws -> DocumentRecord {
        try read { db in
            for (column, value) in [("name", name), ("path", name), ("location", Self.location(of: name))] {
                let rows = try Row.fetchAll(
                    db, sql: Self.documentQuery + " WHERE documents.\(column) = ? ORDER BY documents.id LIMIT 2",
                    arguments: [value])
                if rows.count == 1 { return try Self.document(rows[0]) }
            }
            let names = try String.fetchAll(db, sql: "SELECT name FROM documents ORDER BY id LIMIT 6")
            throw LibraryError(.notFound, "\(path): no document \"\(name)\"; \(Self.listing(names, of: "documents"))")
        }
    }

    /// The document that was added from this path; nil if there is none.
    public func document(atPath path: String) throws -> DocumentRecord? {
        try read { db in
            try Row.fetchOne(
                db, sql: Self.documentQuery + " WHERE documents.location = ?", arguments: [Self.location(of: path)]
            ).map(Self.document)
        }
    }

    /// The names of documents by their keys. Removed documents are omitted.
    public func names(ofDocuments ids: Set<Int64>) throws -> [Int64: String] {
        try read { db in
            let find = try db.makeStatement(sql: "SELECT name FROM documents WHERE id = ?")
            var names: [Int64: String] = [:]
            for id in ids { names[id] = try Row.fetchOne(find, arguments: [id])?.checked("name") }
            return names
        }
    }

    /// The full text of a document, checked against its digest.
    public func text(of document: Int64) throws -> String {
        let bytes = try read { db in
            let record = try self.existing(document, db)
            let bytes = try self.textBytes(of: document, db)
            guard Digest.sha256(bytes) == record.digest else {
                throw DamagedValue("the text of \"\(record.name)\" does not match its digest")
            }
            return bytes
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Deletes a document with its text, passages and vectors. Its group and the group's adapters stay.
    public func removeDocument(_ document: Int64) throws {
        try write(touchingPassages: true) { db in
            _ = try self.existing(document, db)
            try db.execute(sql: "DELETE FROM documents WHERE id = ?", arguments: [document])
        }
    }

    static let documentQuery = """
        SELECT documents.*, groups.name AS group_name, EXISTS (
            SELECT 1 FROM compressions WHERE document_id = documents.id AND complete = 1) AS complete
        FROM documents JOIN groups ON groups.id = documents.group_id
        """

    static func document(_ row: Row) throws -> DocumentRecord {
        DocumentRecord(
            id: try row.checked("id"), name: try row.checked("name"), path: try row.checked("path"),
            group: try row.checked("group_name"), digest: try row.checked("digest"),
            byteCount: try row.count("byte_count"), tokenCount: try row.count("token_count"),
            isComplete: try row.checked("complete"), added: try row.date("added"))
    }

    func document(id: Int64, _ db: Database) throws -> DocumentRecord? {
        try Row.fetchOne(db, sql: Self.documentQuery + " WHERE documents.id = ?", arguments: [id])
            .map(Self.document)
    }

    func existing(_ document: Int64, _ db: Database) throws -> DocumentRecord {
        guard let record = try self.document(id: document, db) else {
            throw LibraryError(.notFound, "\(path): document \(document) is no longer in the library")
        }
        return record
    }

    func textBytes(of document: Int64, _ db: Database) throws -> Data {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT text FROM document_texts WHERE document_id = ?", arguments: [document])
        else { throw DamagedValue("document \(document) has no text") }
        return try row.checked("text")
    }

    /// The absolute, normalized form of a path. It identifies a document from any working directory.
    static func location(of path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    static func listing(_ names: [String], of what: String) -> String {
        if names.isEmpty { return "it has no \(what)" }
        let shown = names.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ")
        return "its \(what): \(shown)" + (names.count > 5 ? ", ..." : "")
    }
}
