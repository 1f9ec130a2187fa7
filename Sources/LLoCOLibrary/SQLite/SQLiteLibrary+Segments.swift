internal import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    /// The stored segments of a document that `identity` made, in order, complete or not.
    public func segments(of document: Int64, identity: VectorIdentity) throws -> [SegmentRecord] {
        try read { db in
            _ = try self.existing(document, db)
            return try self.segmentRows(of: document, identity, limit: nil, vectors: false, db).map { row in
                try self.segment(row)
            }
        }
    }

    /// Stores the next segment of a document, in a transaction of its own.
    public func appendSegment(_ segment: NewSegment, to document: Int64, identity: VectorIdentity) throws {
        try write { db in
            let known = try self.segmentRows(of: document, identity, limit: nil, vectors: false, db)
            try self.store([segment], after: known.count, of: document, identity, db)
        }
    }

    /// Replaces the segments of a document from position `index` on, in one transaction.
    ///
    /// - Parameter segments: what stands there instead; may be empty, which cuts the document's segments to `index`.
    public func replaceSegments(
        of document: Int64, identity: VectorIdentity, from index: Int, with segments: [NewSegment] = []
    ) throws {
        try write { db in
            try self.store(segments, after: index, of: document, identity, db)
        }
    }

    /// Declares that a document's segments cover all of its text.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/invalid``) where they do not reach its last token.
    public func markComplete(_ document: Int64, identity: VectorIdentity) throws {
        try write { db in
            let record = try self.existing(document, db)
            let segments = try self.segmentRows(of: document, identity, limit: nil, vectors: false, db)
                .map { try self.segment($0) }
            guard let last = segments.last, last.tokens.upperBound == record.tokenCount else {
                throw LibraryError(
                    .invalid,
                    "\(path): \"\(record.name)\": its segments end at token "
                        + "\(segments.last?.tokens.upperBound ?? 0) of \(record.tokenCount)")
            }
            try db.execute(
                sql: """
                    UPDATE compressions SET complete = 1
                    WHERE document_id = ? AND model = ? AND compressor = ? AND variant = ?
                    """, arguments: Self.key(document, identity))
        }
    }

    /// Whether vectors by `identity` cover all of the document's present text.
    public func isComplete(_ document: Int64, identity: VectorIdentity) throws -> Bool {
        try read { try self.isComplete(document, identity, $0) }
    }

    /// - Throws: ``LibraryError`` where the document is not compressed by this identity to its end.
    public func checkCompressed(_ document: Int64, identity: VectorIdentity) throws {
        try read { try self.checkCompressed(self.existing(document, $0), identity, $0) }
    }

    private func checkCompressed(_ record: DocumentRecord, _ identity: VectorIdentity, _ db: Database) throws {
        guard try isComplete(record.id, identity, db) else {
            throw LibraryError(
                .notFound,
                "\(path): \"\(record.name)\" is not compressed (or not to its end) by this model and compressor "
                    + "(\(identity.variant)); add it again with them")
        }
    }

    /// The vectors of a document, its segments one after another, checked against their digests and shapes.
    ///
    /// - Parameters:
    ///   - count: how many leading segments; nil for the whole document, which must then be complete.
    /// - Throws: ``LibraryError`` where the document has none by this identity, is not finished, or is damaged.
    public func vectors(
        of document: Int64, identity: VectorIdentity, segments count: Int? = nil
    ) throws -> StoredVectors {
        try read { db in
            let record = try self.existing(document, db)
            if count == nil { try self.checkCompressed(record, identity, db) }
            var bytes = Data()
            var total = 0
            var dimension = 0
            var found = 0
            for row in try self.segmentRows(of: document, identity, limit: count, vectors: true, db) {
                let segment = try self.segment(row)
                let vectors: Data = try row.checked("vectors")
                guard vectors.count == 2 * segment.vectorCount * segment.dimension,
                    found == 0 || segment.dimension == dimension,
                    Digest.sha256(vectors) == (try row.checked("vectors_digest", as: String.self))
                else {
                    throw DamagedValue("segment \(segment.position) of \"\(record.name)\" does not have its digest")
                }
                bytes.append(vectors)
                total += segment.vectorCount
                dimension = segment.dimension
                found += 1
            }
            if let count, found < count {
                throw LibraryError(.notFound, "\(path): \"\(record.name)\" has \(found) segments, asked for \(count)")
            }
            return StoredVectors(bytes: bytes, count: total, dimension: dimension)
        }
    }

    /// What compressors made of the documents of a scope, ordered by document.
    public func compressions(in scope: LibraryScope = .all) throws -> [CompressionRecord] {
        try read { db in
            let filter = try self.filter(scope, db)
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT compressions.*, count(segments.id) AS segment_count,
                        coalesce(sum(segments.vector_count), 0) AS vector_count
                    FROM compressions JOIN documents ON documents.id = compressions.document_id
                    LEFT JOIN segments ON segments.compression_id = compressions.id
                    WHERE \(filter.sql) GROUP BY compressions.id ORDER BY document_id, compressions.id
                    """, arguments: filter.arguments
            ).map { row in
                CompressionRecord(
                    document: try row.checked("document_id"),
                    identity: VectorIdentity(
                        model: try row.checked("model"), compressor: try row.checked("compressor"),
                        variant: try row.checked("variant")),
                    segmentCount: try row.count("segment_count"), vectorCount: try row.count("vector_count"),
                    isComplete: try row.checked("complete"))
            }
        }
    }
}
