public import Foundation
internal import GRDB
import LLoCOBase

extension SQLiteLibrary {
    /// The training runs of a group, or of all groups, newest first.
    public func trainingRuns(of group: String? = nil) throws -> [TrainingRunRecord] {
        try read { db in
            try Row.fetchAll(
                db, sql: Self.runQuery + " WHERE groups.name = coalesce(?, groups.name) ORDER BY training_runs.id DESC",
                arguments: [group]
            ).map(Self.run)
        }
    }

    /// The newest unfinished run that would compute the same thing: what a repeated command continues.
    public func unfinishedRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String
    ) throws -> TrainingRunRecord? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: Self.runQuery + """
                     WHERE groups.name = ? AND model = ? AND compressor = ? AND variant = ? AND settings = ? AND data_digest = ?
                        AND finished = 0 ORDER BY training_runs.id DESC LIMIT 1
                    """,
                arguments: [group, identity.model, identity.compressor, identity.variant, settings, dataDigest]
            ).map(Self.run)
        }
    }

    /// Begins a run of `totalSteps` steps.
    public func startRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String, totalSteps: Int
    ) throws -> TrainingRunRecord {
        guard totalSteps > 0 else { throw LibraryError(.invalid, "\(path): a training run of \(totalSteps) steps") }
        return try write { db in
            let now = Date().timeIntervalSince1970
            try db.execute(
                sql: """
                    INSERT INTO training_runs
                        (group_id, model, compressor, variant, settings, data_digest, step, total_steps, finished,
                         started, updated)
                    VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0, ?, ?)
                    """,
                arguments: [
                    try self.groupIDMaking(group, db), identity.model, identity.compressor, identity.variant,
                    settings, dataDigest, totalSteps, now, now,
                ])
            return try self.existingRun(db.lastInsertedRowID, db)
        }
    }

    /// Stores the state after `step` steps, with the losses since the last time.
    ///
    /// Losses of later steps, left by a run that was cut before it saved, are dropped.
    public func saveRun(_ run: Int64, step: Int, state: Data, losses: [TrainingLoss]) throws {
        try Database.checkSize(state, "the training state", path: path)
        try write { db in
            let record = try self.existingRun(run, db)
            guard !record.isFinished, step >= 0, step <= record.totalSteps else {
                throw LibraryError(
                    .invalid,
                    "\(path): training run \(run) (\(record.totalSteps) steps"
                        + "\(record.isFinished ? ", finished" : "")) cannot stand at step \(step)")
            }
            try self.record(losses, upTo: step, of: run, db)
            try db.execute(
                sql: "UPDATE training_runs SET step = ?, state = ?, state_digest = ?, updated = ? WHERE id = ?",
                arguments: [step, state, Digest.sha256(state), Date().timeIntervalSince1970, run])
        }
    }

    /// The state that was last saved, checked against its digest; nil before the first.
    public func runState(_ run: Int64) throws -> Data? {
        try read { db in
            _ = try self.existingRun(run, db)
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT state, state_digest FROM training_runs WHERE id = ?", arguments: [run]),
                let state: Data = try row.optional("state")
            else { return nil }
            guard Digest.sha256(state) == (try row.checked("state_digest", as: String.self)) else {
                throw DamagedValue("the state of training run \(run) does not have its digest")
            }
            return state
        }
    }

    /// Ends a run: its adapter is stored and its state dropped, in one transaction.
    ///
    /// - Parameter tuned: documents' vectors that are read with the adapter, and with no other
    @discardableResult
    public func finishRun(
        _ run: Int64, losses: [TrainingLoss] = [], config: String, weights: Data, tuned: [TunedVectors] = []
    ) throws -> AdapterRecord {
        try Database.checkSize(weights, "the adapter's weights", path: path)
        return try write { db in
            let record = try self.existingRun(run, db)
            guard !record.isFinished else {
                throw LibraryError(.invalid, "\(path): training run \(run) is already finished")
            }
            try self.record(losses, upTo: record.totalSteps, of: run, db)
            try db.execute(
                sql: """
                    UPDATE training_runs SET finished = 1, step = total_steps, state = NULL, state_digest = NULL,
                        updated = ? WHERE id = ?
                    """, arguments: [Date().timeIntervalSince1970, run])
            let adapter = try self.insertAdapter(
                try self.groupID(record.group, db), record.identity, config: config, weights: weights, run: run, db)
            try self.store(tuned, of: adapter.id, db)
            return adapter
        }
    }

    /// Deletes a run with its state and losses; the adapter it made stays.
    public func removeRun(_ run: Int64) throws {
        try write { db in
            _ = try self.existingRun(run, db)
            try db.execute(sql: "DELETE FROM training_runs WHERE id = ?", arguments: [run])
        }
    }

    /// The losses of a run up to the last saved step, by step.
    public func losses(of run: Int64) throws -> [TrainingLoss] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT step, loss FROM training_losses WHERE run_id = ? ORDER BY step", arguments: [run]
            ).map { TrainingLoss(step: try $0.count("step"), loss: try $0.checked("loss")) }
        }
    }

    private static let runQuery = """
        SELECT training_runs.id, groups.name AS group_name, model, compressor, variant, settings, data_digest, step,
            total_steps, finished, started, updated
        FROM training_runs JOIN groups ON groups.id = training_runs.group_id
        """

    private static func run(_ row: Row) throws -> TrainingRunRecord {
        TrainingRunRecord(
            id: try row.checked("id"), group: try row.checked("group_name"),
            identity: try row.identity(),
            settings: try row.checked("settings"), dataDigest: try row.checked("data_digest"),
            step: try row.count("step"), totalSteps: try row.count("total_steps"),
            isFinished: try row.checked("finished"), started: try row.date("started"),
            updated: try row.date("updated"))
    }

    private func existingRun(_ run: Int64, _ db: Database) throws -> TrainingRunRecord {
        guard
            let row = try Row.fetchOne(db, sql: Self.runQuery + " WHERE training_runs.id = ?", arguments: [run])
        else { throw LibraryError(.notFound, "\(path): training run \(run) is not in the library") }
        return try Self.run(row)
    }

    private func record(_ losses: [TrainingLoss], upTo step: Int, of run: Int64, _ db: Database) throws {
        for loss in losses {
            guard loss.loss.isFinite, loss.step <= step else {
                throw LibraryError(
                    .invalid, "\(path): training run \(run): loss \(loss.loss) at step \(loss.step), saved at \(step)")
            }
            try db.execute(
                sql: "INSERT OR REPLACE INTO training_losses (run_id, step, loss) VALUES (?, ?, ?)",
                arguments: [run, loss.step, loss.loss])
        }
        try db.execute(
            sql: "DELETE FROM training_losses WHERE run_id = ? AND step > ?", arguments: [run, step])
    }
}
