internal import Foundation
internal import GRDB
import LLoCOBase
public import Logging

extension SQLiteLibrary {
    /// Opens the library file at `path`.
    ///
    /// A writer creates a missing file, whole or not at all, and brings one of an older format up to date; a reader reads
    /// that as it is, and gets an error where there is no file. Nothing is written to a file that is not a library or is
    /// of a newer format.
    ///
    /// - Parameters:
    ///   - path: the library file; its folder must exist.
    ///   - access: ``Access/reading`` or ``Access/writing``.
    ///   - lockTimeout: how long a writer waits for the one before it.
    ///   - logger: hears of waiting and of notable changes.
    ///   - onWait: told once, in one line, which process a writer waits for; the logger is told too.
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
        // Not SQLite's read-only mode: after a writer was killed its journal must be played back first. Reads run
        // under `PRAGMA query_only`.
        let queue = try connect(file)
        let library = SQLiteLibrary(path: file, access: access, queue: queue, lock: nil, logger: logger)
        try library.checkFormat()
        return library
    }

    /// An empty library that lives in memory and ends with the returned object.
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
        // Looked at before the lock is taken, so that nothing is left beside a foreign file.
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

    /// Builds the file under another name and moves it into place: a killed or failed creation leaves no library.
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
            // Damaged pages show when they are read, not in what is written after them.
            try db.execute(sql: "PRAGMA cell_size_check = ON")
        }
        return configuration
    }

    /// Refuses, by its first bytes alone, a file that is no library or is newer than this program.
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

    /// Brings the tables up to date, or says who can.
    private func checkFormat() throws {
        let migrator = LibrarySchema.migrator
        let state = try read { db in
            // Reads the whole schema, so that a damaged one shows here.
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
            return (try migrator.hasBeenSuperseded(db), try migrator.hasCompletedMigrations(db))
        }
        if state.0 {
            throw LibraryError(.newerFormat, "\(path): written by a newer version than this one; use that one")
        }
        if state.1 { return }
        guard access == .writing else {
            // Formats only add tables, and who reads these knows that an older library does not have them.
            guard try read({ try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }) >= 1 else {
                throw LibraryError(
                    .olderFormat, "\(path): written by an older version, in a format that is read no more",
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

    /// The regular file that `path` names, its links followed; nil where there is none.
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
            throw LibraryError(.missing, "\(path): cannot be created: there is no folder \(folder); make it first")
        }
        return url.path
    }
}
