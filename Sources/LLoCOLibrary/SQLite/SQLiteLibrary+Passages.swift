internal import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    /// The passages of a document, in text order.
    public func passages(of document: Int64) throws -> [PassageRecord] {
        try read { db in
            _ = try self.existing(document, db)
            return try Row.fetchAll(
                db,
                sql: "\(Self.passageQuery) WHERE document_id = ? ORDER BY position", arguments: [document]
            ).map(Self.passage)
        }
    }

    /// The passages with these keys, in the order of the keys. Removed passages are omitted.
    public func passages(_ ids: [Int64]) throws -> [PassageRecord] {
        try read { db in
            let find = try db.makeStatement(sql: "\(Self.passageQuery) WHERE id = ?")
            return try ids.compactMap { try Row.fetchOne(find, arguments: [$0]).map(Self.passage) }
        }
    }

    /// Splits a stored document again. Passages with unchanged text keep their embeddings.
    ///
    /// - Parameter passages: UTF-8 byte ranges in the document's text, in order.
    public func setPassages(of document: Int64, _ passages: [Range<Int>]) throws {
        try write(touchingPassages: true) { db in
            _ = try self.existing(document, db)
            try self.replacePassages(of: document, with: passages, text: try self.textBytes(of: document, db), db)
        }
    }

    static let passageQuery = "SELECT id, document_id, position, byte_start, byte_end, text FROM passages"

    static func passage(_ row: Row) throws -> PassageRecord {
        let start = try row.count("byte_start")
        let end = try row.count("byte_end")
        let text: Data = try row.checked("text")
        guard start <= end, end - start == text.count else {
            throw DamagedValue("a passage at \(start)..<\(end) has \(text.count) bytes")
        }
        return PassageRecord(
            id: try row.checked("id"), document: try row.checked("document_id"), position: try row.count("position"),
            bytes: start..<end, text: String(decoding: text, as: UTF8.self))
    }

    /// Keeps the unchanged leading passages and rewrites the others. Passages with the same text keep their embeddings.
    func replacePassages(of document: Int64, with ranges: [Range<Int>], text: Data, _ db: Database) throws {
        var minimumStart = 0
        for range in ranges {
            guard range.lowerBound >= minimumStart, range.upperBound <= text.count, !range.isEmpty,
                text[range.lowerBound] & 0xC0 != 0x80,
                range.upperBound == text.count || text[range.upperBound] & 0xC0 != 0x80
            else {
                throw LibraryError(
                    .invalid,
                    "\(path): passage \(range), expected ascending, non-empty ranges on character boundaries within "
                        + "\(text.count) bytes")
            }
            minimumStart = range.lowerBound
        }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT id, position, byte_start, byte_end, text, embedder, dimension, embedding
                FROM passages WHERE document_id = ? ORDER BY position
                """, arguments: [document])
        var kept = 0
        while kept < min(rows.count, ranges.count) {
            let row = rows[kept]
            let range = ranges[kept]
            guard try row.count("position") == kept, try row.count("byte_start") == range.lowerBound,
                try row.count("byte_end") == range.upperBound, try row.checked("text", as: Data.self) == text[range]
            else { break }
            kept += 1
        }
        var embeddings: [String: Row] = [:]
        for row in rows[kept...] where try row.optional("embedding", as: Data.self) != nil {
            embeddings[Digest.sha256(try row.checked("text", as: Data.self))] = row
        }
        try db.execute(
            sql: "DELETE FROM passages WHERE document_id = ? AND position >= ?", arguments: [document, kept])
        let insertion = try db.makeStatement(
            sql: """
                INSERT INTO passages
                    (document_id, position, byte_start, byte_end, text, embedder, dimension, embedding)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for (position, range) in zip(kept..., ranges[kept...]) {
            let bytes = Data(text[range])
            let old = embeddings.isEmpty ? nil : embeddings[Digest.sha256(bytes)]
            try insertion.execute(arguments: [
                document, position, range.lowerBound, range.upperBound, bytes,
                try old?.optional("embedder", as: String.self), try old?.optional("dimension", as: Int.self),
                try old?.optional("embedding", as: Data.self),
            ])
        }
    }
}
