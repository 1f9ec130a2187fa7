package import Foundation

/// Reads a text file, gzipped or not, piece by piece.
///
/// The first bytes decide whether the file is gzipped, not its name. A byte order mark is skipped.
package final class ChunkReader {
    /// The file's path as the caller wrote it.
    package let file: String
    /// The maximum size of the decompressed file in bytes.
    package let byteLimit: Int

    private let nextPiece: () throws -> [UInt8]
    private var byteCount = 0
    private var isAtStart = true

    /// Opens the file at `url`.
    ///
    /// - Parameters:
    ///   - byteLimit: the maximum size of the decompressed file in bytes; default 2 GiB
    ///   - expected: the expected kind of file, for messages, such as `a JSON Lines file`
    /// - Throws: ``JSONLinesError`` if it is missing, a folder, unreadable or empty.
    package init(url: URL, byteLimit: Int = 2 << 30, expected: String) throws {
        file = url.relativePath
        self.byteLimit = byteLimit
        do {
            let handle = try Self.open(url, named: file, expected: expected)
            let read = { @Sendable () throws -> [UInt8] in [UInt8](try handle.read(upToCount: 1 << 18) ?? Data()) }
            var start: [UInt8] = []
            // A pipe may return its first bytes one at a time.
            while start.count < 3 {
                let more = try read()
                if more.isEmpty { break }
                start += more
            }
            guard !start.isEmpty else {
                throw JSONLinesError(file: file, line: nil, reason: "the file is empty; expected \(expected)")
            }
            var first: [UInt8]? = start
            let readFromStart = {
                defer { first = nil }
                return try first ?? read()
            }
            nextPiece =
                start.starts(with: GzipInflater.magic)
                ? try GzipInflater(readInput: readFromStart).next : readFromStart
        } catch {
            throw Self.readingError(error, file: file, line: nil)
        }
    }

    /// The next piece; empty at the end of the file.
    ///
    /// - Parameter line: the current line, for the error
    /// - Throws: ``JSONLinesError`` if the file cannot be read further, its compressed data is damaged or truncated, or
    ///   the text is larger than the limit.
    package func next(line: Int?) throws -> [UInt8] {
        var piece: [UInt8]
        do {
            piece = try nextPiece()
            if isAtStart {
                // The byte order mark has three bytes, and an inflater's first piece may have fewer.
                while piece.count < 3 {
                    let more = try nextPiece()
                    if more.isEmpty { break }
                    piece += more
                }
            }
        } catch {
            throw Self.readingError(error, file: file, line: line)
        }
        byteCount += piece.count
        guard byteCount <= byteLimit else {
            throw JSONLinesError(
                file: file, line: nil, reason: "the file holds more than \(byteLimit) bytes of text; split it",
                errorCode: .invalid)
        }
        guard isAtStart else { return piece }
        isAtStart = false
        guard piece.starts(with: [0xEF, 0xBB, 0xBF]) else { return piece }
        // An empty piece would signal the end of the file.
        return piece.count > 3 ? Array(piece[3...]) : try next(line: line)
    }

    private static func open(_ url: URL, named file: String, expected: String) throws -> FileHandle {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw JSONLinesError(file: file, line: nil, reason: "no such file", errorCode: .notFound)
        }
        guard !isFolder.boolValue else {
            throw JSONLinesError(
                file: file, line: nil, reason: "this is a folder; expected \(expected)", errorCode: .invalid)
        }
        return try FileHandle(forReadingFrom: url)
    }

    private static func readingError(_ error: any Error, file: String, line: Int?) -> JSONLinesError {
        switch error {
        case let error as JSONLinesError: error
        case let error as GzipInflater.Fault: JSONLinesError(file: file, line: line, reason: error.reason)
        default:
            JSONLinesError(
                file: file, line: line, reason: "cannot be read: \(error.localizedDescription)", errorCode: .storage)
        }
    }
}
