internal import Foundation
internal import GRDB
import LLoCOBase
internal import Logging

/// A library in one SQLite file: documents with their text, passages with embeddings and a full-text index, vectors,
/// adapters, training runs and studies.
///
/// ```swift
/// let library = try SQLiteLibrary.open("library.lloco", for: .writing)
/// let added = try library.upsertDocument(path: "report.txt", text: text, tokenCount: tokens.count)
/// ```
///
/// Each call is one atomic transaction. One process writes at a time, any number read. The journal is a rollback
/// journal, since SQLite before 3.51.3 can corrupt a write-ahead log that two connections checkpoint at once.
public final class SQLiteLibrary: Sendable {
    /// The access mode of an open library.
    public enum Access: Hashable, Sendable {
        /// Read-only: the file must exist.
        case reading
        /// Read and write: a missing file is created. The writer's lock is held for the lifetime of the
        /// `SQLiteLibrary`.
        case writing
    }

    /// The group of documents that are added without a group.
    public static let defaultGroup = "default"

    /// The library file, or `in-memory library`: the library's name in messages.
    public let path: String
    /// The access mode.
    public let access: Access
    let logger: Logger
    let queue: DatabaseQueue
    /// The connection holds an unretained reference to it, so it must outlive the connection.
    let ranking = KeywordRanking()
    private let lock: WriterLock?

    init(path: String, access: Access, queue: DatabaseQueue, lock: WriterLock?, logger: Logger) {
        self.path = path
        self.access = access
        self.queue = queue
        self.lock = lock
        self.logger = logger
    }

    deinit {
        // Close the file before the lock is released.
        try? queue.close()
    }

    /// Runs `body` on a consistent snapshot.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try translating { try queue.read(body) }
    }

    /// Runs `body` in one transaction, rolled back if it throws.
    ///
    /// - Parameter touchingPassages: whether passages, embeddings or groups change, which makes a new revision
    func write<Value>(touchingPassages: Bool = false, _ body: (Database) throws -> Value) throws -> Value {
        guard access == .writing else {
            throw LibraryError(.notWritable, "\(path): opened for reading only")
        }
        return try translating {
            try queue.write { db in
                let value = try body(db)
                if touchingPassages {
                    try db.execute(sql: "UPDATE state SET revision = randomblob(16)")
                }
                return value
            }
        }
    }

    /// The current revision, which every change to passages, embeddings or groups replaces.
    func revision(_ db: Database) throws -> LibraryRevision {
        guard let mark = try Data.fetchOne(db, sql: "SELECT revision FROM state"), mark.count == 16 else {
            throw DamagedValue("the revision is missing or not 16 bytes long")
        }
        return LibraryRevision([UInt8](mark))
    }

    private func translating<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw LibraryError(error, path: path)
        } catch let error as DamagedValue {
            throw LibraryError.damaged(path, error.what)
        } catch let error as RowDecodingError {
            throw LibraryError.damaged(path, "a stored value has the wrong type (\(error.description.prefix(80)))")
        }
    }

    /// Limits the size of the file, in pages, so that a test can simulate a full disk.
    package func limitPageCount(to pages: Int) throws {
        try translating {
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA max_page_count = \(max(1, pages))")
            }
        }
    }
}
