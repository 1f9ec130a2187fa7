public import Foundation
internal import GRDB
import LLoCOBase
internal import Logging

extension SQLiteLibrary {
    /// The adapters of a group, or of all groups, newest first.
    public func adapters(of group: String? = nil, identity: VectorIdentity? = nil) throws -> [AdapterRecord] {
        try read { try self.adapterRows(group, identity, $0).map(Self.adapter) }
    }

    /// The newest undamaged adapter of a group for `identity`, with its weights; nil if there is none.
    ///
    /// An adapter whose weights do not match their digest is skipped, with a warning in the log.
    public func adapter(for group: String, identity: VectorIdentity) throws -> StoredAdapter? {
        try read { db in
            for row in try self.adapterRows(group, identity, db) {
                let record = try Self.adapter(row)
                if let weights = try self.weights(of: record, db) {
                    return StoredAdapter(record: record, weights: weights)
                }
                logger.warning(
                    "\(path): adapter \(record.id) of group \"\(group)\" is damaged; using the previous one")
            }
            return nil
        }
    }

    /// An adapter's weights, checked against their digest; nil if they are damaged or were removed.
    public func weights(of adapter: AdapterRecord) throws -> Data? {
        let weights = try read { try self.weights(of: adapter, $0) }
        if weights == nil {
            logger.warning("\(path): adapter \(adapter.id) of group \"\(adapter.group)\" is damaged")
        }
        return weights
    }

    /// Stores an adapter as the newest of its group and identity.
    ///
    /// - Parameters:
    ///   - group: the adapter's group; created if missing.
    ///   - config: JSON, the content of PEFT's `adapter_config.json`.
    ///   - weights: the bytes of a safetensors file.
    ///   - run: the key of the training run that made it.
    @discardableResult
    public func saveAdapter(
        for group: String, identity: VectorIdentity, config: String, weights: Data, run: Int64? = nil
    ) throws -> AdapterRecord {
        try Database.checkSize(weights, "the adapter's weights", path: path)
        return try write { db in
            let groupID = try self.groupIDCreatingIfMissing(group, db)
            return try self.insertAdapter(groupID, identity, config: config, weights: weights, run: run, db)
        }
    }

    /// Deletes an adapter. If it was the newest, the previous one is used again.
    public func removeAdapter(_ adapter: Int64) throws {
        try write { db in
            try db.execute(sql: "DELETE FROM adapters WHERE id = ?", arguments: [adapter])
            guard db.changesCount > 0 else {
                throw LibraryError(.notFound, "\(path): adapter \(adapter) is not in the library")
            }
        }
    }

    func insertAdapter(
        _ group: Int64, _ identity: VectorIdentity, config: String, weights: Data, run: Int64?, _ db: Database
    ) throws -> AdapterRecord {
        try db.execute(
            sql: """
                INSERT INTO adapters
                    (group_id, run_id, model, compressor, variant, config, created, weights_digest, weights)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                group, run, identity.model, identity.compressor, identity.variant, config, Date().timeIntervalSince1970,
                Digest.sha256(weights), weights,
            ])
        let id = db.lastInsertedRowID
        guard
            let row = try Row.fetchOne(db, sql: Self.adapterQuery + " WHERE adapters.id = ?", arguments: [id])
        else { throw DamagedValue("an adapter's row is missing") }
        return try Self.adapter(row)
    }

    private static let adapterQuery = """
        SELECT adapters.id, groups.name AS group_name, run_id, model, compressor, variant, config, adapters.created,
            weights_digest, length(weights) AS byte_count
        FROM adapters JOIN groups ON groups.id = adapters.group_id
        """

    private func adapterRows(_ group: String?, _ identity: VectorIdentity?, _ db: Database) throws -> [Row] {
        try Row.fetchAll(
            db,
            sql: Self.adapterQuery + """
                 WHERE groups.name = coalesce(?, groups.name) AND model = coalesce(?, model)
                    AND compressor = coalesce(?, compressor) AND variant = coalesce(?, variant)
                ORDER BY adapters.id DESC
                """, arguments: [group, identity?.model, identity?.compressor, identity?.variant])
    }

    private func weights(of record: AdapterRecord, _ db: Database) throws -> Data? {
        guard
            let row = try Row.fetchOne(db, sql: "SELECT weights FROM adapters WHERE id = ?", arguments: [record.id])
        else { return nil }
        let weights: Data = try row.checked("weights")
        return Digest.sha256(weights) == record.digest ? weights : nil
    }

    private static func adapter(_ row: Row) throws -> AdapterRecord {
        AdapterRecord(
            id: try row.checked("id"), group: try row.checked("group_name"),
            identity: try row.identity(),
            config: try row.checked("config"), digest: try row.checked("weights_digest"),
            byteCount: try row.count("byte_count"), created: try row.date("created"), run: try row.optional("run_id"))
    }
}
