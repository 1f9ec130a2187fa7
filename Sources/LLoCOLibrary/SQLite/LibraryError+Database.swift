internal import Foundation
internal import GRDB

/// A stored value that is missing, has the wrong type or contradicts another.
struct DamagedValue: Error {
    /// The value and what is wrong with it.
    let what: String

    init(_ what: String) {
        self.what = what
    }
}

extension LibraryError {
    /// Converts an SQLite error to a library error.
    init(_ error: DatabaseError, path: String) {
        let detail = (error.message ?? error.resultCode.description).replacingOccurrences(of: "\n", with: " ")
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                .diskFull,
                "\(path): the disk is full; the library is unchanged: free some space, then retry")
        case .SQLITE_IOERR:
            self.init(
                .inputOutput,
                "\(path): reading or writing failed (\(detail)); check the disk and its free space, then retry")
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            self.init(
                .locked, "\(path): timed out waiting for another process that uses the library; retry later")
        case .SQLITE_CORRUPT:
            self.init(.damaged, Self.damage(path: path, detail: detail))
        case .SQLITE_NOTADB:
            self.init(
                .notALibrary, "\(path): not a library (not an SQLite file, or its first bytes are damaged)")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(.notWritable, "\(path): cannot be written (\(detail)); check its permissions and its folder's")
        case .SQLITE_CANTOPEN:
            self.init(.notWritable, "\(path): cannot be opened (\(detail)); check its permissions and its folder's")
        case .SQLITE_TOOBIG:
            self.init(.invalid, "\(path): one value is larger than SQLite can store (about 1 GB)")
        case .SQLITE_NOMEM:
            self.init(.outOfMemory, "\(path): SQLite ran out of memory")
        default:
            self.init(.database, "\(path): SQLite reports code \(error.extendedResultCode.rawValue): \(detail)")
        }
    }

    /// The message for a malformed file. The page count in the header tells whether the file is truncated.
    private static func damage(path: String, detail: String) -> String {
        if let header = try? LibraryHeader(path: path), header.expectedSize > header.fileSize {
            return "\(path): truncated: \(header.fileSize) bytes, expected \(header.expectedSize); "
                + "restore it from a copy, or delete it and add the documents again"
        }
        return "\(path): damaged (\(detail)); restore it from a copy, or delete it and add the documents again"
    }

    /// An error for a damaged value of a library file, with advice.
    package static func damaged(_ path: String, _ what: String) -> LibraryError {
        LibraryError(
            .damaged,
            "\(path): damaged: \(what); restore it from a copy, or remove the document and add it again")
    }
}
