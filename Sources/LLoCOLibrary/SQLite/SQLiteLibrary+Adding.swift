internal import Foundation
internal import GRDB
import LLoCOBase
public import LLoCODocuments
internal import Logging

extension SQLiteLibrary {
    /// Adds a document, or brings the one of this path up to date, with its passages and the full-text index.
    ///
    /// - A path that is new makes a document. Its name is the last part of the path, with as many parts before it as
    ///   make it unique.
    /// - The same text again changes nothing.
    /// - A changed text replaces the old one. Passages keep their embeddings where their text is still there; segments
    ///   stay, to be compared by their token digests, but no longer count as complete.
    /// - Another group than before moves the document there: a document is in one group, the last one named.
    ///
    /// - Parameters:
    ///   - path: where the text came from; it need not be a file.
    ///   - name: a name to give a new document; nil derives one from `path`.
    ///   - group: its group, made where missing; nil leaves a known document where it is and puts a new one
    ///     into ``defaultGroup``.
    ///   - text: the full text; not empty.
    ///   - tokenCount: its length in tokens.
    ///   - splitter: cuts the text into passages.
    /// - Throws: ``LibraryError``; the library is then as it was.
    public func upsertDocument(
        path: String, name: String? = nil, group: String? = nil, text: String, tokenCount: Int,
        splitter: PassageSplitter = PassageSplitter()
    ) throws -> DocumentUpsert {
        let bytes = Data(text.utf8)
        try Database.checkSize(bytes, "the text of \(path)", path: self.path)
        guard tokenCount >= 0 else {
            throw LibraryError(.invalid, "\(self.path): \(path) with \(tokenCount) tokens")
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
            // Looked up again: the first look was outside of this transaction.
            let known = try Row.fetchOne(
                db, sql: Self.documentQuery + " WHERE documents.location = ?", arguments: [location]
            ).map(Self.document)
            let groupID = try self.groupIDMaking(group ?? known?.group ?? Self.defaultGroup, db)
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
                let name = try self.freeName(wanted: name, location: location, db)
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

    /// `b.txt`, or `a/b.txt` where that is taken, and so on up to the whole location, then numbers.
    private func freeName(wanted: String?, location: String, _ db: Database) throws -> String {
        func isTaken(_ name: String) throws -> Bool {
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM documents WHERE name = ?)", arguments: [name]) ?? false
        }
        if let wanted {
            guard !wanted.isEmpty else { throw LibraryError(.invalid, "\(path): a document needs a name") }
            guard try !isTaken(wanted) else {
                throw LibraryError(.invalid, "\(path): another document is already named \"\(wanted)\"")
            }
            return wanted
        }
        let parts = location.split(separator: "/")
        guard let last = parts.last else { throw LibraryError(.invalid, "\(path): \"\(location)\" names no document") }
        for count in 1...parts.count {
            let name = parts.suffix(count).joined(separator: "/")
            if try !isTaken(name) { return name }
        }
        var number = 2
        while try isTaken("\(last) (\(number))") { number += 1 }
        return "\(last) (\(number))"
    }
}
