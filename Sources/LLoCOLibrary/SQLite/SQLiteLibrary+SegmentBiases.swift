internal import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    /// Throws unless a segment's bias has the shape `[heads, vectorCount]`, the number of heads divides the dimension,
    /// and all values are finite or -infinity.
    func checkBias(of segment: NewSegment, _ record: DocumentRecord) throws {
        guard let bias = segment.bias else { return }
        guard Self.heads(of: bias.count, vectors: segment.vectorCount, dimension: segment.dimension) != nil else {
            throw LibraryError(
                .invalid,
                "\(path): \"\(record.name)\": a bias of \(bias.count) bytes for \(segment.vectorCount) vectors of "
                    + "dimension \(segment.dimension), expected 4 bytes per head and vector")
        }
        // False for +infinity and NaN.
        let areNumbers = bias.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: 4).allSatisfy {
                let word = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
                return Float(bitPattern: word) < .infinity
            }
        }
        guard areNumbers else {
            throw LibraryError(
                .invalid,
                "\(path): \"\(record.name)\": a segment's bias holds NaN or +infinity, expected finite values or "
                    + "-infinity")
        }
        try Database.checkSize(bias, "a segment's bias", path: path)
    }

    func store(bias: Data, of segment: Int64, _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO segment_biases (segment_id, bias_digest, bias) VALUES (?, ?, ?)",
            arguments: [segment, Digest.sha256(bias), bias])
    }

    /// The biases of a document's leading segments, `[heads, vectors of all segments]`, float32, with digests and
    /// shapes checked. A segment without a bias has zeros; nil if no segment has a bias.
    func bias(
        of segments: [SegmentRecord], _ document: DocumentRecord, _ identity: VectorIdentity, _ db: Database
    ) throws -> Data? {
        // A library of an older format that is opened for reading lacks the table.
        guard let last = segments.last, try db.tableExists("segment_biases") else { return nil }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT segment_id, bias_digest, bias FROM segment_biases
                JOIN segments ON segments.id = segment_id JOIN compressions ON compressions.id = compression_id
                WHERE \(Self.isCompression) AND position <= ?
                """, arguments: Self.key(document.id, identity) + [last.position])
        guard !rows.isEmpty else { return nil }
        let found = Dictionary(segments.map { ($0.id, $0) }) { first, _ in first }
        var biases: [Int64: Data] = [:]
        var heads: Int?
        for row in rows {
            let bias: Data = try row.checked("bias")
            guard let segment = found[try row.checked("segment_id")],
                Digest.sha256(bias) == (try row.checked("bias_digest", as: String.self)),
                let count = Self.heads(of: bias.count, vectors: segment.vectorCount, dimension: segment.dimension),
                count == heads ?? count
            else { throw DamagedValue("a bias of \"\(document.name)\" does not match its digest or shape") }
            biases[segment.id] = bias
            heads = count
        }
        var result = Data()
        for head in 0..<(heads ?? 0) {
            for segment in segments {
                let size = 4 * segment.vectorCount
                if let bias = biases[segment.id] {
                    result.append(bias.dropFirst(head * size).prefix(size))
                } else {
                    result.append(Data(count: size))
                }
            }
        }
        return result
    }

    /// The number of heads of a bias of `bytes` bytes; nil if the shape would not be valid.
    private static func heads(of bytes: Int, vectors: Int, dimension: Int) -> Int? {
        let (size, overflow) = vectors.multipliedReportingOverflow(by: 4)
        guard !overflow, size > 0, bytes > 0, bytes.isMultiple(of: size), dimension.isMultiple(of: bytes / size) else {
            return nil
        }
        return bytes / size
    }
}
