public import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    /// A digest of a document's current vectors of `identity`. It changes whenever the vectors do.
    public func vectorsDigest(of document: Int64, identity: VectorIdentity) throws -> String {
        try read { try self.vectorsDigest(of: document, identity, $0) }
    }

    /// Whether valid vectors of the document were tuned with an adapter.
    public func hasTunedVectors(of document: Int64, with adapter: AdapterRecord) throws -> Bool {
        try read { try self.tunedVectors(of: document, with: adapter, "vectors_digest", $0) != nil }
    }

    /// A document's vectors that were tuned with an adapter; nil if there are none, or if the document's vectors have
    /// changed since.
    public func tunedVectors(of document: Int64, with adapter: AdapterRecord) throws -> Data? {
        try read { db in
            guard let row = try self.tunedVectors(of: document, with: adapter, "vectors_digest, vectors", db) else {
                return nil
            }
            let vectors: Data = try row.checked("vectors")
            guard Digest.sha256(vectors) == (try row.checked("vectors_digest", as: String.self)) else {
                throw DamagedValue("tuned vectors do not match their digest")
            }
            return vectors
        }
    }

    private func tunedVectors(
        of document: Int64, with adapter: AdapterRecord, _ columns: String, _ db: Database
    ) throws -> Row? {
        guard try db.tableExists("tuned_vectors"),
            let row = try Row.fetchOne(
                db,
                sql: "SELECT source_digest, \(columns) FROM tuned_vectors WHERE adapter_id = ? AND document_id = ?",
                arguments: [adapter.id, document]),
            try row.checked("source_digest") == self.vectorsDigest(of: document, adapter.identity, db)
        else { return nil }
        return row
    }

    func store(_ tuned: [TunedVectors], of adapter: Int64, _ db: Database) throws {
        for vectors in tuned {
            try Database.checkSize(vectors.bytes, "a document's tuned vectors", path: path)
            // Documents that were removed in the meantime are skipped.
            guard try self.document(id: vectors.document, db) != nil else { continue }
            try db.execute(
                sql: """
                    INSERT INTO tuned_vectors (adapter_id, document_id, source_digest, vectors_digest, vectors)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    adapter, vectors.document, vectors.source, Digest.sha256(vectors.bytes), vectors.bytes,
                ])
        }
    }

    private func vectorsDigest(of document: Int64, _ identity: VectorIdentity, _ db: Database) throws -> String {
        // Without a bias the digest is the same as in formats that had no biases.
        let bias =
            try db.tableExists("segment_biases")
            ? "|| coalesce((SELECT '+' || bias_digest FROM segment_biases WHERE segment_id = segments.id), '')" : ""
        return Digest.sha256(
            try String.fetchAll(
                db,
                sql: """
                    SELECT vectors_digest \(bias)
                    FROM segments JOIN compressions ON compressions.id = segments.compression_id
                    WHERE \(Self.isCompression) ORDER BY position
                    """, arguments: Self.key(document, identity)
            ).joined())
    }
}
