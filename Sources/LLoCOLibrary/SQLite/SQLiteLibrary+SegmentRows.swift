internal import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    static func key(_ document: Int64, _ identity: VectorIdentity) -> StatementArguments {
        [document, identity.model, identity.compressor, identity.variant]
    }

    func isComplete(_ document: Int64, _ identity: VectorIdentity, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT complete FROM compressions
                WHERE document_id = ? AND model = ? AND compressor = ? AND variant = ?
                """, arguments: Self.key(document, identity)) ?? false
    }

    func segmentRows(
        of document: Int64, _ identity: VectorIdentity, limit: Int?, vectors: Bool, _ db: Database
    ) throws -> [Row] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT segments.id, position, token_start, token_end, byte_start, byte_end, token_digest,
                    vector_count, dimension\(vectors ? ", vectors_digest, vectors" : "")
                FROM segments JOIN compressions ON compressions.id = segments.compression_id
                WHERE document_id = ? AND model = ? AND compressor = ? AND variant = ?
                ORDER BY position LIMIT ?
                """, arguments: Self.key(document, identity) + [limit.map { max(0, $0) } ?? -1])
    }

    func segment(_ row: Row) throws -> SegmentRecord {
        let tokens = (try row.count("token_start"), try row.count("token_end"))
        let bytes = (try row.count("byte_start"), try row.count("byte_end"))
        let count = try row.count("vector_count")
        let dimension = try row.count("dimension")
        guard tokens.0 <= tokens.1, bytes.0 <= bytes.1, count < 1 << 24, dimension < 1 << 24 else {
            throw DamagedValue("a segment's offsets or shape make no sense")
        }
        return SegmentRecord(
            id: try row.checked("id"), position: try row.count("position"), tokens: tokens.0..<tokens.1,
            bytes: bytes.0..<bytes.1, tokenDigest: try row.checked("token_digest"), vectorCount: count,
            dimension: dimension)
    }

    /// Cuts the segments to `index` and stores `segments` after them; they must join on without a gap.
    func store(
        _ segments: [NewSegment], after index: Int, of document: Int64, _ identity: VectorIdentity, _ db: Database
    ) throws {
        let record = try existing(document, db)
        let known = try segmentRows(of: document, identity, limit: nil, vectors: false, db).map { try segment($0) }
        guard index >= 0, index <= known.count else {
            throw LibraryError(
                .invalid, "\(path): \"\(record.name)\" has \(known.count) segments, none can follow segment \(index)")
        }
        var end = index == 0 ? 0 : known[index - 1].tokens.upperBound
        let dimension = index == 0 ? segments.first?.dimension : known[0].dimension
        for segment in segments {
            try check(segment, from: end, dimension: dimension ?? 0, record)
            end = segment.tokens.upperBound
        }
        try db.execute(
            sql: """
                INSERT INTO compressions (document_id, model, compressor, variant, complete) VALUES (?, ?, ?, ?, 0)
                ON CONFLICT (document_id, model, compressor, variant) DO UPDATE SET complete = 0
                """, arguments: Self.key(document, identity))
        guard
            let compression = try Int64.fetchOne(
                db,
                sql: """
                    SELECT id FROM compressions
                    WHERE document_id = ? AND model = ? AND compressor = ? AND variant = ?
                    """, arguments: Self.key(document, identity))
        else { throw DamagedValue("a compression's row is missing") }
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
        }
    }

    private func check(
        _ segment: NewSegment, from start: Int, dimension: Int, _ record: DocumentRecord
    ) throws {
        func refuse(_ what: String) -> LibraryError {
            LibraryError(.invalid, "\(path): \"\(record.name)\": \(what)")
        }
        guard segment.tokens.lowerBound == start, !segment.tokens.isEmpty else {
            throw refuse("a segment of tokens \(segment.tokens), expected one from token \(start)")
        }
        guard segment.tokens.upperBound <= record.tokenCount, segment.bytes.lowerBound >= 0,
            segment.bytes.upperBound <= record.byteCount
        else {
            throw refuse("a segment (tokens \(segment.tokens), bytes \(segment.bytes)) ends after the text")
        }
        let (values, overflow) = segment.vectorCount.multipliedReportingOverflow(by: segment.dimension)
        guard segment.vectorCount > 0, segment.dimension > 0, !overflow, segment.dimension == dimension,
            values <= 500_000_000, segment.vectors.count == 2 * values
        else {
            throw refuse(
                "\(segment.vectors.count) bytes for \(segment.vectorCount) bfloat16 vectors of \(segment.dimension), "
                    + "expected vectors of \(dimension)")
        }
        try Database.checkSize(segment.vectors, "a segment's vectors", path: path)
    }
}
