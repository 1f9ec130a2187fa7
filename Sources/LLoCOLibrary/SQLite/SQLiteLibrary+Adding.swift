internal import Foundation
internal import GRDB
import LLoCOBase
public import LLoCODocuments
internal import Logging

extension SQLiteLibrary {
    /// Adds a document or updates the document of this path, with its passages and the full-text index.
    ///
    /// - A new path creates a document. Its name is the last component of the path, preceded by as many components as
    ///   make it unique.
    /// - Adding the same text again changes nothing.
    /// - A changed text replaces the old one. Passages with unchanged text keep their embeddings. Segments stay, to be
    ///   compared by token digest, but are no longer complete.
    /// - A document is in one group. Adding it to another group moves it there.
    ///
    /// - Parameters:
    ///   - path: the source of the text; it need not be a file.
    ///   - name: the name of a new document; nil derives one from `path`.
    ///   - group: the document's group, created if missing; nil keeps the group of an existing document and puts a new
    ///     one into ``defaultGroup``.
    ///   - text: the full text; not empty.
    ///   - tokenCount: the length of the text in tokens.
    ///   - splitter: splits the text into passages.
    /// - Throws: ``LibraryError``; the library is then unchanged.
    public func upsertDocument(
        path: String, name: String? = nil, group: String? = nil, text: String, tokenCount: Int,
        splitter: PassageSplitter = PassageSplitter()
    ) throws -> DocumentUpsert {
        let bytes = Data(text.utf8)
        try Database.checkSize(bytes, "the text of \(path)", path: self.path)
        guard tokenCount >= 0 else {
            throw LibraryError(.invalid, "\(self.path): \(path): \(tokenCount) tokens, expected 0 or more")
        }
        let digest = Digest.sha256(bytes)
        let location = Self.location(of: path)
        let known = try document(atPath: path)

        if let known, known.digest == digest, known.tokenCount == tokenCount, known.path == path,
            group == nil || group == known.group
        {
            return DocumentUpsert(document: known, change: .unchanged, movedFrom: nil)
        }
        let passages = known?.digest == digest ? nil : splitter.split(text)
        let result = try write(touchingPassages: true) { db in
            // The first lookup was outside this transaction.
            let known = try Row.fetchOne(
                db, sql: Self.documentQuery + " WHERE documents.location = ?", arguments: [location]
            ).map(Self.document)
            let groupID = try self.groupIDCreatingIfMissing(group ?? known?.group ?? Self.defaultGroup, db)
            let id: Int64
            if let known {
                id = known.id
                try db.execute(
                    sql: """
                        UPDATE documents SET group_id = ?, path = ?, digest = ?, byte_count = ?, token_count = ?
                        WHERE id = ?
                        """,
                    arguments: [groupID, path, digest, bytes.count, tokenCount, id])
            } else {
                let name = try self.freeName(requested: name, location: location, db)
                try db.execute(
                    sql: """
                        INSERT INTO documents (group_id, name, path, location, digest, byte_count, token_count, added)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        groupID, name, path, location, digest, bytes.count, tokenCount,
                        Date().timeIntervalSince1970,
                    ])
                id = db.lastInsertedRowID
            }
            if known?.digest != digest {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO document_texts (document_id, text) VALUES (?, ?)",
                    arguments: [id, bytes])
                try db.execute(sql: "UPDATE compressions SET complete = 0 WHERE document_id = ?", arguments: [id])
                try self.replacePassages(of: id, with: passages ?? splitter.split(text), text: bytes, db)
            }
            return DocumentUpsert(
                document: try self.existing(id, db),
                change: known == nil ? .added : known?.digest == digest ? .unchanged : .changed,
                movedFrom: known.flatMap { known in group != nil && group != known.group ? known.group : nil })
        }
        if let previous = result.movedFrom {
            let document = result.document
            logger.notice("\(document.name): moved from group \"\(previous)\" to \"\(document.group)\"")
        }
        return result
    }

    /// An unused name: `b.txt`, else `a/b.txt`, and so on up to the whole location, else a numbered name.
    private func freeName(requested: String?, location: String, _ db: Database) throws -> String {
        func isTaken(_ name: String) throws -> Bool {
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM documents WHERE name = ?)", arguments: [name]) ?? false
        }
        if let requested {
            guard !requested.isEmpty else { throw LibraryError(.invalid, "\(path): a document needs a name") }
            guard try !isTaken(requested) else {
                throw LibraryError(.invalid, "\(path): another document is already named \"\(requested)\"")
            }
            return requested
        }
        let parts = location.split(separator: "/")
        guard let last = parts.last else {
            throw LibraryError(.invalid, "\(path): \"\(location)\" has no file name, expected a document's path")
        }
        for count in 1...parts.count {
            let name = parts.suffix(count).joined(separator: "/")
            if try !isTaken(name) { return name }
        }
        var number = 2
        while try isTaken("\(last) (\(number))") { number += 1 }
        return "\(last) (\(number))"
    }
}
