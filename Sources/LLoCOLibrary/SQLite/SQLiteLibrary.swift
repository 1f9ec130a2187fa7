internal import Foundation
internal import GRDB
import LLoCOBase
internal import Logging

/// The store: one SQLite file with documents and their text, passages with embeddings and a full-text index,
/// compressed vectors, adapters and training runs.
///
/// ```swift
/// let library = try SQLiteLibrary.open("library.lloco", for: .writing)
/// let added = try library.upsertDocument(path: "report.txt", text: text, tokenCount: tokens.count)
/// ```
///
/// Each call is one transaction: it happens whole or not at all. One process at a time writes; any number reads. The
/// journal is the classic rollback journal, since SQLite before 3.51.3 can corrupt a write-ahead log that two
/// connections checkpoint at once.
public final class SQLiteLibrary: Sendable {
    /// What a library is opened for.
    public enum Access: Hashable, Sendable {
        /// The file must exist and is not changed.
        case reading
        /// A missing file is created, and the writer's lock is held for as long as the `SQLiteLibrary` lives.
        case writing
    }

    /// The group of documents that are added without naming one.
    public static let defaultGroup = "default"

    /// The library file, or `in-memory library`: what messages call it.
    public let path: String
    /// What the library was opened for.
    public let access: Access
    let logger: Logger
    let queue: DatabaseQueue
    /// Outlives the connection, which refers to it.
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
        // SQLite lets go of the file before the lock does.
        try? queue.close()
    }

    /// Runs `body` on a consistent snapshot.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try translating { try queue.read(body) }
    }

    /// Runs `body` in one transaction, undone where it throws.
    ///
    /// - Parameter touchingPassages: whether what retrieval serves changes, so that its caches must notice.
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

    /// A random mark of the passages' content: it changes with every change to passages, embeddings or groups.
    func revision(_ db: Database) throws -> LibraryRevision {
        guard let mark = try Data.fetchOne(db, sql: "SELECT revision FROM state"), mark.count == 16 else {
            throw DamagedValue("its revision mark is missing")
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

    /// Bounds the file's growth, in pages: lets a test fill the disk.
    package func limitPageCount(to pages: Int) throws {
        try translating {
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA max_page_count = \(max(1, pages))")
            }
        }
    }
}
