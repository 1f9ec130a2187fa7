internal import Foundation
internal import GRDB
import LLoCOBase
public import Logging

extension SQLiteLibrary {
    /// Opens the library file at `path`.
    ///
    /// A writer creates a missing file atomically and migrates an older format. A reader reads an older format as it
    /// is, and throws if the file is missing. A file that is not a library or has a newer format is never written to.
    ///
    /// - Parameters:
    ///   - path: the library file; its folder must exist.
    ///   - access: ``Access/reading`` or ``Access/writing``.
    ///   - lockTimeout: the maximum time to wait for another writer; 30 s by default.
    ///   - logger: logs waiting and notable changes.
    ///   - onWait: called once with a line that names the process that a writer waits for. The line is also logged.
    /// - Throws: ``LibraryError`` of one line.
    public static func open(
        _ path: String, for access: Access, lockTimeout: Duration = .seconds(30),
        logger: Logger = Logger(label: "lloco.library"), onWait: (String) -> Void = { _ in }
    ) throws -> SQLiteLibrary {
        guard let file = try resolved(path) else {
            guard access == .writing else {
                throw LibraryError(.missing, "\(path): no such library", hint: .createLibrary)
            }
            return try openForWriting(
                unresolved: path, lockTimeout: lockTimeout, logger: logger, onWait: onWait)
        }
        guard access == .reading else {
            return try openForWriting(unresolved: file, lockTimeout: lockTimeout, logger: logger, onWait: onWait)
        }
        try checkHeader(file)
        // SQLite's read-only mode would not roll back the journal of a killed writer. Reads run under `PRAGMA
        // query_only`.
        let queue = try connect(file)
        let library = SQLiteLibrary(path: file, access: access, queue: queue, lock: nil, logger: logger)
        try library.checkFormat()
        return library
    }

    /// Creates an empty in-memory library.
    public static func inMemory(logger: Logger = Logger(label: "lloco.library")) throws -> SQLiteLibrary {
        let name = "in-memory library"
        do {
            let queue = try DatabaseQueue(configuration: configuration)
            try LibrarySchema.migrator.migrate(queue)
            return SQLiteLibrary(path: name, access: .writing, queue: queue, lock: nil, logger: logger)
        } catch let error as DatabaseError {
            throw LibraryError(error, path: name)
        }
    }

    private static func openForWriting(
        unresolved path: String, lockTimeout: Duration, logger: Logger, onWait: (String) -> Void
    ) throws -> SQLiteLibrary {
        let target = try target(of: path)
        // Checked before locking, so that no lock file is created beside another application's file.
        if try resolved(target) != nil { try checkHeader(target) }
        let lock: WriterLock
        do {
            lock = try WriterLock.acquire(target, timeout: lockTimeout) { message in
                logger.notice("\(message)")
                onWait(message)
            }
        } catch let error as LockError {
            throw LibraryError(error.errorCode == .busy ? .locked : .notWritable, error.description)
        }
        if try resolved(target) == nil {
            try create(target)
            logger.info("\(target): created")
        }
        try checkHeader(target)
        let queue = try connect(target)
        let library = SQLiteLibrary(path: target, access: .writing, queue: queue, lock: lock, logger: logger)
        try library.checkFormat()
        return library
    }

    /// Creates the file under another name and moves it into place, so that a killed or failed creation leaves no
    /// library.
    private static func create(_ target: String) throws {
        let draft = target + ".new"
        try? FileManager.default.removeItem(atPath: draft)
        do {
            do {
                let queue = try DatabaseQueue(path: draft, configuration: configuration)
                try LibrarySchema.migrator.migrate(queue)
                try queue.close()
            }
            try FileManager.default.moveItem(atPath: draft, toPath: target)
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            try? FileManager.default.removeItem(atPath: draft + "-journal")
            if let error = error as? DatabaseError { throw LibraryError(error, path: target) }
            throw LibraryError(.notWritable, "\(target): cannot be created; check its folder's permissions")
        }
    }

    private static func connect(_ file: String) throws -> DatabaseQueue {
        do {
            return try DatabaseQueue(path: file, configuration: configuration)
        } catch let error as DatabaseError {
            throw LibraryError(error, path: file)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "lloco.library"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(30)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // Detects damaged pages when they are read, before anything is derived from them.
            try db.execute(sql: "PRAGMA cell_size_check = ON")
        }
        return configuration
    }

    /// Throws if the first bytes of a file show that it is not a library, or has a newer format.
    private static func checkHeader(_ file: String) throws {
        let header: LibraryHeader
        do {
            header = try LibraryHeader(path: file)
        } catch let error as LibraryError {
            throw error
        } catch {
            throw LibraryError(.inputOutput, "\(file): cannot be read")
        }
        guard header.fileSize > 0 else {
            throw LibraryError(
                .notALibrary, "\(file): empty (0 bytes), expected a library; delete the file to start a new one")
        }
        guard header.isSQLite else {
            let kind =
                header.fileSize < LibraryHeader.size ? "\(header.fileSize) bytes, too short" : "not an SQLite file"
            throw LibraryError(.notALibrary, "\(file): not a library: \(kind)", hint: .chooseLibrary)
        }
        guard header.applicationID == LibrarySchema.applicationID else {
            throw LibraryError(
                .notALibrary, "\(file): an SQLite file of another application, not a library")
        }
        guard header.formatVersion <= LibrarySchema.formatVersion else {
            throw LibraryError(
                .newerFormat,
                "\(file): library format \(header.formatVersion), this program reads up to "
                    + "\(LibrarySchema.formatVersion); use a newer lloco")
        }
    }

    /// Migrates the tables if the library is open for writing. Otherwise throws if the format cannot be read.
    private func checkFormat() throws {
        let migrator = LibrarySchema.migrator
        let state = try read { db in
            // Reads the whole schema, so that a damaged schema is detected here.
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
            return (try migrator.hasBeenSuperseded(db), try migrator.hasCompletedMigrations(db))
        }
        if state.0 {
            throw LibraryError(.newerFormat, "\(path): written by a newer version of lloco; use that version")
        }
        if state.1 { return }
        guard access == .writing else {
            // Newer formats only add tables. Code that reads these tables handles their absence.
            guard try read({ try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }) >= 1 else {
                throw LibraryError(
                    .olderFormat,
                    "\(path): written by an older version of lloco, in a format that is no longer supported",
                    hint: .upgradeLibrary)
            }
            return
        }
        do {
            try migrator.migrate(queue)
        } catch let error as DatabaseError {
            throw LibraryError(error, path: path)
        }
    }

    /// The regular file at `path`, with symbolic links resolved; nil if it does not exist.
    private static func resolved(_ path: String) throws -> String? {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: target, isDirectory: &isDirectory) else { return nil }
        guard !isDirectory.boolValue else {
            throw LibraryError(.notALibrary, "\(path): a directory, expected a library file")
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else {
            throw LibraryError(.notALibrary, "\(path): not a regular file, expected a library file")
        }
        return target
    }

    private static func target(of path: String) throws -> String {
        let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        let folder = url.deletingLastPathComponent().path
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw LibraryError(.missing, "\(path): cannot be created: no such folder: \(folder); create it first")
        }
        return url.path
    }
}
