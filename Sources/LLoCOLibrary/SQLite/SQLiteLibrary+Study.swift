package import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    /// The study items of a document's current passages, in text order. Passages that were not studied are omitted. Of
    /// passages with the same text, only the first is returned.
    public func study(of document: Int64, by identity: StudyIdentity) throws -> [StudiedPassage] {
        let passages = try passages(of: document)
        return try read { db in
            guard try Self.hasStudyTables(db) else { return [] }
            let keys = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, text_digest FROM studied_passages
                    WHERE document_id = ? AND model = ? AND settings = ?
                    """, arguments: [document, identity.model, identity.settings]
            ).map { (try $0.checked("text_digest", as: String.self), try $0.checked("id", as: Int64.self)) }
            var remaining = Dictionary(keys, uniquingKeysWith: { first, _ in first })
            return try passages.compactMap { passage in
                guard let key = remaining.removeValue(forKey: Digest.sha256(passage.text)) else { return nil }
                return StudiedPassage(passage: passage, items: try Self.items(of: key, db))
            }
        }
    }

    /// The identities of a document's studies, newest last.
    public func studies(of document: Int64) throws -> [StudyIdentity] {
        try read { db in
            _ = try self.existing(document, db)
            guard try Self.hasStudyTables(db) else { return [] }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT model, settings FROM studied_passages WHERE document_id = ?
                    GROUP BY model, settings ORDER BY max(id)
                    """, arguments: [document]
            ).map { StudyIdentity(model: try $0.checked("model"), settings: try $0.checked("settings")) }
        }
    }

    /// Stores the items of a passage in one transaction. Earlier items of the same passage and identity are replaced.
    public func saveStudy(_ items: [StudyItem], of passage: PassageRecord, by identity: StudyIdentity) throws {
        try write { db in
            _ = try self.existing(passage.document, db)
            let digest = Digest.sha256(passage.text)
            try db.execute(
                sql: """
                    DELETE FROM studied_passages
                    WHERE document_id = ? AND model = ? AND settings = ? AND text_digest = ?
                    """, arguments: [passage.document, identity.model, identity.settings, digest])
            try db.execute(
                sql: "INSERT INTO studied_passages (document_id, model, settings, text_digest) VALUES (?, ?, ?, ?)",
                arguments: [passage.document, identity.model, identity.settings, digest])
            let key = db.lastInsertedRowID
            for (position, item) in items.enumerated() {
                let targets = item.targets?.bytes
                try db.execute(
                    sql: """
                        INSERT INTO study_items
                            (passage_id, position, kind, question, answer, rejection, width, targets_digest, targets)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        key, position, item.kind.rawValue, Data(item.question.utf8), Data(item.answer.utf8),
                        item.rejection?.rawValue, item.targets?.width, targets.map { Digest.sha256($0) }, targets,
                    ])
            }
        }
    }

    /// Whether the study tables exist. A library of an older format lacks them.
    private static func hasStudyTables(_ db: Database) throws -> Bool { try db.tableExists("studied_passages") }

    private static func items(of passage: Int64, _ db: Database) throws -> [StudyItem] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT kind, question, answer, rejection, width, targets_digest, targets FROM study_items
                WHERE passage_id = ? ORDER BY position
                """, arguments: [passage]
        ).map { row in
            func text(_ column: String) throws -> String {
                String(decoding: try row.checked(column, as: Data.self), as: UTF8.self)
            }
            func named<Value: RawRepresentable<String>>(_ name: String) throws -> Value {
                guard let value = Value(rawValue: name) else {
                    throw DamagedValue("a study item has the kind or rejection '\(name)', which is unknown")
                }
                return value
            }
            var targets: TeacherTargets?
            if let bytes: Data = try row.optional("targets") {
                targets = TeacherTargets(bytes: bytes, width: try row.count("width"))
                guard targets != nil, Digest.sha256(bytes) == (try row.checked("targets_digest", as: String.self))
                else {
                    throw DamagedValue("the targets of a study item do not match their digest")
                }
            }
            return StudyItem(
                kind: try named(row.checked("kind")), question: try text("question"), answer: try text("answer"),
                rejection: try row.optional("rejection", as: String.self).map(named), targets: targets)
        }
    }
}

extension TeacherTargets {
    /// The answer, tokens and shares, concatenated: 4 · A · (1 + 2 · K) bytes, little-endian.
    package var bytes: Data {
        var words = answer.map { UInt32(truncatingIfNeeded: $0) }
        words += tokens.map { UInt32(bitPattern: $0) }
        words += shares.map(\.bitPattern)
        return words.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }

    /// Decodes ``bytes``; nil if they are not valid for K = `width`.
    init?(bytes: Data, width: Int) {
        let words = bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count - 3, by: 4).map {
                UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
            }
        }
        guard (1...Self.largestWidth).contains(width), bytes.count.isMultiple(of: 4),
            words.count.isMultiple(of: 1 + 2 * width), !words.isEmpty
        else { return nil }
        let count = words.count / (1 + 2 * width)
        let shares = words[(count * (1 + width))...].map { Float(bitPattern: $0) }
        guard shares.allSatisfy(\.isFinite) else { return nil }
        self.init(
            answer: words[..<count].map(Int.init), width: width,
            tokens: words[count..<(count * (1 + width))].map { Int32(bitPattern: $0) }, shares: shares)
    }
}
