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

    /// The newest unfinished run with the same settings and data, which a repeated call resumes.
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

    /// Creates a run of `totalSteps` steps.
    public func startRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String, totalSteps: Int
    ) throws -> TrainingRunRecord {
        guard totalSteps > 0 else {
            throw LibraryError(.invalid, "\(path): a training run of \(totalSteps) steps, expected 1 or more")
        }
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
                    try self.groupIDCreatingIfMissing(group, db), identity.model, identity.compressor,
                    identity.variant, settings, dataDigest, totalSteps, now, now,
                ])
            return try self.existingRun(db.lastInsertedRowID, db)
        }
    }

    /// Stores the state after `step` steps, with the losses since the last save.
    ///
    /// The state is written in pieces, so that readers wait for one piece at most, and replaces the old state
    /// atomically. Losses of later steps, left by an interrupted run, are deleted.
    public func saveRun(_ run: Int64, step: Int, state: Data, losses: [TrainingLoss]) throws {
        try Database.checkSize(state, "the training state", path: path)
        let previous = try read { db in
            let record = try self.existingRun(run, db)
            guard !record.isFinished, step >= 0, step <= record.totalSteps else {
                throw LibraryError(
                    .invalid,
                    "\(path): training run \(run) (\(record.totalSteps) steps"
                        + "\(record.isFinished ? ", finished" : "")) cannot be saved at step \(step)")
            }
            return try self.savedState(of: run, db)
        }
        try dropUnusedPieces()
        let generation = (previous?.generation ?? 0) + 1
        for (position, start) in stride(from: 0, to: state.count, by: Self.pieceBytes).enumerated() {
            let piece = state.dropFirst(start).prefix(Self.pieceBytes)
            try write { db in
                try db.execute(
                    sql: "INSERT INTO run_state_pieces (run_id, generation, position, bytes) VALUES (?, ?, ?, ?)",
                    arguments: [run, generation, position, Data(piece)])
            }
        }
        try write { db in
            try self.record(losses, upTo: step, of: run, db)
            try db.execute(
                sql: "INSERT OR REPLACE INTO run_states (run_id, generation, state_digest) VALUES (?, ?, ?)",
                arguments: [run, generation, Digest.sha256(state)])
            try db.execute(
                sql: "UPDATE training_runs SET step = ?, state = NULL, state_digest = NULL, updated = ? WHERE id = ?",
                arguments: [step, Date().timeIntervalSince1970, run])
        }
        try dropUnusedPieces()
    }

    /// The last saved state, checked against its digest; nil before the first save.
    public func runState(_ run: Int64) throws -> Data? {
        try read { db in
            _ = try self.existingRun(run, db)
            let (state, digest): (Data, String)
            if let saved = try self.savedState(of: run, db) {
                let pieces = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT bytes FROM run_state_pieces WHERE run_id = ? AND generation = ? ORDER BY position
                        """, arguments: [run, saved.generation])
                state = try pieces.reduce(into: Data()) { $0 += try $1.checked("bytes", as: Data.self) }
                digest = saved.digest
            } else {
                // A library of a format before 6.
                guard
                    let row = try Row.fetchOne(
                        db, sql: "SELECT state, state_digest FROM training_runs WHERE id = ?", arguments: [run]),
                    let whole: Data = try row.optional("state")
                else { return nil }
                (state, digest) = (whole, try row.checked("state_digest"))
            }
            guard Digest.sha256(state) == digest else {
                throw DamagedValue("the state of training run \(run) does not match its digest")
            }
            return state
        }
    }

    /// The maximum bytes of a state in one piece.
    private static let pieceBytes = 1 << 20

    /// The generation of pieces and the digest of a run's state; nil if no state was saved in pieces.
    private func savedState(of run: Int64, _ db: Database) throws -> (generation: Int, digest: String)? {
        guard try db.tableExists("run_states"),
            let row = try Row.fetchOne(
                db, sql: "SELECT generation, state_digest FROM run_states WHERE run_id = ?", arguments: [run])
        else { return nil }
        return (try row.count("generation"), try row.checked("state_digest"))
    }

    /// Deletes the pieces that belong to no state, one per transaction.
    private func dropUnusedPieces() throws {
        var hasMore = true
        while hasMore {
            hasMore = try write { db in
                try db.execute(
                    sql: """
                        DELETE FROM run_state_pieces WHERE rowid = (
                            SELECT run_state_pieces.rowid FROM run_state_pieces LEFT JOIN run_states
                                ON run_states.run_id = run_state_pieces.run_id
                                AND run_states.generation = run_state_pieces.generation
                            WHERE run_states.run_id IS NULL LIMIT 1)
                        """)
                return db.changesCount > 0
            }
        }
    }

    /// Finishes a run: stores its adapter and the tuned vectors, and deletes its state, in one transaction.
    ///
    /// - Parameter tuned: the documents' vectors that are used only with the adapter
    @discardableResult
    public func finishRun(
        _ run: Int64, losses: [TrainingLoss] = [], config: String, weights: Data, tuned: [TunedVectors] = []
    ) throws -> AdapterRecord {
        try Database.checkSize(weights, "the adapter's weights", path: path)
        let adapter = try write { db in
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
            try db.execute(sql: "DELETE FROM run_states WHERE run_id = ?", arguments: [run])
            let adapter = try self.insertAdapter(
                try self.groupID(record.group, db), record.identity, config: config, weights: weights, run: run, db)
            try self.store(tuned, of: adapter.id, db)
            return adapter
        }
        try dropUnusedPieces()
        return adapter
    }

    /// Deletes a run with its state and losses. Its adapter stays.
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
                    .invalid,
                    "\(path): training run \(run): loss \(loss.loss) at step \(loss.step), expected a finite loss up "
                        + "to step \(step)")
            }
            try db.execute(
                sql: "INSERT OR REPLACE INTO training_losses (run_id, step, loss) VALUES (?, ?, ?)",
                arguments: [run, loss.step, loss.loss])
        }
        try db.execute(
            sql: "DELETE FROM training_losses WHERE run_id = ? AND step > ?", arguments: [run, step])
    }
}
