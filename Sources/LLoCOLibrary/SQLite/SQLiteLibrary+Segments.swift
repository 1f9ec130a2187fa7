internal import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    /// The stored segments of a document with this identity, in order, complete or not.
    public func segments(of document: Int64, identity: VectorIdentity) throws -> [SegmentRecord] {
        try read { db in
            _ = try self.existing(document, db)
            return try self.segmentRows(of: document, identity, limit: nil, vectors: false, db).map(Self.segment)
        }
    }

    /// Appends a segment to a document in one transaction. The cost does not depend on the number of stored segments.
    public func appendSegment(_ segment: NewSegment, to document: Int64, identity: VectorIdentity) throws {
        try write { db in
            let record = try self.existing(document, db)
            let last = try self.lastSegment(of: document, identity, db)
            try self.store([segment], after: last, of: record, identity, db)
        }
    }

    /// Replaces the segments of a document from position `index` on, in one transaction.
    ///
    /// - Parameter segments: the new segments; none by default, which removes the segments from `index` on.
    public func replaceSegments(
        of document: Int64, identity: VectorIdentity, from index: Int, with segments: [NewSegment] = []
    ) throws {
        try write { db in
            let record = try self.existing(document, db)
            let last = try index > 0 ? self.lastSegment(of: document, identity, before: index, db) : nil
            guard index >= 0, (last?.position ?? -1) == index - 1 else {
                let count = try self.lastSegment(of: document, identity, db).map { $0.position + 1 } ?? 0
                throw LibraryError(
                    .invalid,
                    "\(path): \"\(record.name)\": segments replaced from position \(index), expected 0 to \(count)")
            }
            try self.store(segments, after: last, of: record, identity, db)
        }
    }

    /// Marks a document's segments as covering its whole text.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/invalid``) if the segments do not reach the last token.
    public func markComplete(_ document: Int64, identity: VectorIdentity) throws {
        try write { db in
            let record = try self.existing(document, db)
            let last = try self.lastSegment(of: document, identity, db)
            guard let last, last.tokens.upperBound == record.tokenCount else {
                throw LibraryError(
                    .invalid,
                    "\(path): \"\(record.name)\": the segments end at token \(last?.tokens.upperBound ?? 0), expected "
                        + "\(record.tokenCount)")
            }
            try db.execute(
                sql: "UPDATE compressions SET complete = 1 WHERE \(Self.isCompression)",
                arguments: Self.key(document, identity))
        }
    }

    /// Whether the vectors of `identity` cover the whole current text of the document.
    public func isComplete(_ document: Int64, identity: VectorIdentity) throws -> Bool {
        try read { try self.isComplete(document, identity, $0) }
    }

    /// Checks that the vectors of `identity` cover the whole current text of the document.
    ///
    /// - Throws: ``LibraryError`` (``LibraryError/Code/notFound``) if they do not.
    public func checkCompressed(_ document: Int64, identity: VectorIdentity) throws {
        try read { try self.checkCompressed(self.existing(document, $0), identity, $0) }
    }

    /// The vectors of a document's segments in order, with digests and shapes checked.
    ///
    /// - Parameter count: the number of leading segments; nil for all segments, which must be complete.
    /// - Throws: ``LibraryError`` if the segments are missing, incomplete or damaged.
    public func vectors(
        of document: Int64, identity: VectorIdentity, segments count: Int? = nil
    ) throws -> StoredVectors {
        try read { db in
            let record = try self.existing(document, db)
            if count == nil { try self.checkCompressed(record, identity, db) }
            var bytes = Data()
            var total = 0
            var dimension = 0
            var segments: [SegmentRecord] = []
            for row in try self.segmentRows(of: document, identity, limit: count, vectors: true, db) {
                let segment = try Self.segment(row)
                let vectors: Data = try row.checked("vectors")
                guard vectors.count == 2 * segment.vectorCount * segment.dimension,
                    segments.isEmpty || segment.dimension == dimension,
                    Digest.sha256(vectors) == (try row.checked("vectors_digest", as: String.self))
                else {
                    throw DamagedValue(
                        "segment \(segment.position) of \"\(record.name)\" does not match its digest or shape")
                }
                bytes.append(vectors)
                total += segment.vectorCount
                dimension = segment.dimension
                segments.append(segment)
            }
            if let count, segments.count < count {
                throw LibraryError(
                    .notFound, "\(path): \"\(record.name)\": \(segments.count) segments, expected \(count)")
            }
            return StoredVectors(
                bytes: bytes, count: total, dimension: dimension,
                bias: try self.bias(of: segments, record, identity, db), segments: segments.map(\.vectorCount))
        }
    }

    /// The compressions of the documents of a scope, ordered by document.
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
                    document: try row.checked("document_id"), identity: try row.identity(),
                    segmentCount: try row.count("segment_count"), vectorCount: try row.count("vector_count"),
                    isComplete: try row.checked("complete"))
            }
        }
    }

    // MARK: Rows

    /// The condition on `compressions` that selects a document and an identity. ``key(_:_:)`` has its arguments.
    static let isCompression = "document_id = ? AND model = ? AND compressor = ? AND variant = ?"

    static func key(_ document: Int64, _ identity: VectorIdentity) -> StatementArguments {
        [document, identity.model, identity.compressor, identity.variant]
    }

    private func isComplete(_ document: Int64, _ identity: VectorIdentity, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db, sql: "SELECT complete FROM compressions WHERE \(Self.isCompression)",
            arguments: Self.key(document, identity)) ?? false
    }

    private func checkCompressed(_ record: DocumentRecord, _ identity: VectorIdentity, _ db: Database) throws {
        guard try isComplete(record.id, identity, db) else {
            throw LibraryError(
                .notFound,
                "\(path): \"\(record.name)\" is not compressed, or only in part, by this model and compressor "
                    + "(\(identity.variant)); add it again with them")
        }
    }

    private static let segmentColumns = """
        segments.id, position, token_start, token_end, byte_start, byte_end, token_digest, vector_count, dimension
        """

    private func segmentRows(
        of document: Int64, _ identity: VectorIdentity, limit: Int?, vectors: Bool, _ db: Database
    ) throws -> [Row] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT \(Self.segmentColumns)\(vectors ? ", vectors_digest, vectors" : "")
                FROM segments JOIN compressions ON compressions.id = segments.compression_id
                WHERE \(Self.isCompression) ORDER BY position LIMIT ?
                """, arguments: Self.key(document, identity) + [limit.map { max(0, $0) } ?? -1])
    }

    /// The last segment of a document, or the last before a position: one lookup in the index on positions.
    private func lastSegment(
        of document: Int64, _ identity: VectorIdentity, before end: Int = .max, _ db: Database
    ) throws -> SegmentRecord? {
        // The subquery keeps the query plan from joining and sorting all segments.
        try Row.fetchOne(
            db,
            sql: """
                SELECT \(Self.segmentColumns) FROM segments
                WHERE compression_id = (SELECT id FROM compressions WHERE \(Self.isCompression)) AND position < ?
                ORDER BY position DESC LIMIT 1
                """, arguments: Self.key(document, identity) + [end]
        ).map(Self.segment)
    }

    private static func segment(_ row: Row) throws -> SegmentRecord {
        let tokens = (try row.count("token_start"), try row.count("token_end"))
        let bytes = (try row.count("byte_start"), try row.count("byte_end"))
        let count = try row.count("vector_count")
        let dimension = try row.count("dimension")
        guard tokens.0 <= tokens.1, bytes.0 <= bytes.1, count < 1 << 24, dimension < 1 << 24 else {
            throw DamagedValue("a segment's offsets or shape are invalid")
        }
        return SegmentRecord(
            id: try row.checked("id"), position: try row.count("position"), tokens: tokens.0..<tokens.1,
            bytes: bytes.0..<bytes.1, tokenDigest: try row.checked("token_digest"), vectorCount: count,
            dimension: dimension)
    }

    /// Replaces a document's segments after `last`. The new segments must continue there without a gap.
    private func store(
        _ segments: [NewSegment], after last: SegmentRecord?, of record: DocumentRecord, _ identity: VectorIdentity,
        _ db: Database
    ) throws {
        var end = last?.tokens.upperBound ?? 0
        let dimension = last?.dimension ?? segments.first?.dimension
        for segment in segments {
            try check(segment, from: end, dimension: dimension ?? 0, record)
            end = segment.tokens.upperBound
        }
        try db.execute(
            sql: """
                INSERT INTO compressions (document_id, model, compressor, variant, complete) VALUES (?, ?, ?, ?, 0)
                ON CONFLICT (document_id, model, compressor, variant) DO UPDATE SET complete = 0
                """, arguments: Self.key(record.id, identity))
        guard
            let compression = try Int64.fetchOne(
                db, sql: "SELECT id FROM compressions WHERE \(Self.isCompression)",
                arguments: Self.key(record.id, identity))
        else { throw DamagedValue("a compression's row is missing") }
        let index = last.map { $0.position + 1 } ?? 0
        try db.execute(
            sql: "DELETE FROM segments WHERE compression_id = ? AND position >= ?", arguments: [compression, index])
        for (position, segment) in zip(index..., segments) {
            try db.execute(
                sql: """
                    INSERT INTO segments (compression_id, position, token_start, token_end, byte_start, byte_end,
                        token_digest, vector_count, dimension, vectors_digest, vectors)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    compression, position, segment.tokens.lowerBound, segment.tokens.upperBound,
                    segment.bytes.lowerBound, segment.bytes.upperBound, segment.tokenDigest, segment.vectorCount,
                    segment.dimension, Digest.sha256(segment.vectors), segment.vectors,
                ])
            if let bias = segment.bias { try store(bias: bias, of: db.lastInsertedRowID, db) }
        }
    }

    private func check(
        _ segment: NewSegment, from start: Int, dimension: Int, _ record: DocumentRecord
    ) throws {
        func invalid(_ message: String) -> LibraryError {
            LibraryError(.invalid, "\(path): \"\(record.name)\": \(message)")
        }
        guard segment.tokens.lowerBound == start, !segment.tokens.isEmpty else {
            throw invalid("a segment of tokens \(segment.tokens), expected a non-empty one from token \(start)")
        }
        guard segment.tokens.upperBound <= record.tokenCount, segment.bytes.lowerBound >= 0,
            segment.bytes.upperBound <= record.byteCount
        else {
            throw invalid(
                "a segment of tokens \(segment.tokens), bytes \(segment.bytes), expected offsets within "
                    + "\(record.tokenCount) tokens and \(record.byteCount) bytes")
        }
        let (values, overflow) = segment.vectorCount.multipliedReportingOverflow(by: segment.dimension)
        guard segment.vectorCount > 0, segment.dimension > 0, !overflow, segment.dimension == dimension,
            values <= 500_000_000, segment.vectors.count == 2 * values
        else {
            throw invalid(
                "\(segment.vectors.count) bytes for \(segment.vectorCount) bfloat16 vectors of dimension "
                    + "\(segment.dimension), expected vectors of dimension \(dimension)")
        }
        try Database.checkSize(segment.vectors, "a segment's vectors", path: path)
        try checkBias(of: segment, record)
    }
}
