package import Foundation

/// Reads the lines of a JSON Lines file, gzipped or not, one by one: only the line at hand is in memory.
///
/// Whether the file is gzipped is told by its first bytes, not by its name.
package final class JSONLinesReader {
    /// What a file may hold, decompressed.
    package struct Limits: Sendable {
        /// Bytes of the whole file.
        package var bytes = 2 << 30
        /// Bytes of one line.
        package var lineBytes = 256 << 20

        package init() {}
    }

    /// The file, as it was named.
    package let file: String
    /// The number of the line that `next` gave last, from 1.
    package private(set) var lineNumber = 0

    private let limits: Limits
    private let nextChunk: () throws -> [UInt8]
    private var chunk: [UInt8]
    private var position = 0
    private var byteCount = 0

    /// Opens the file at `url`.
    ///
    /// - Throws: ``JSONLinesError`` if it is missing, a folder, unreadable or empty.
    package init(url: URL, limits: Limits = Limits()) throws {
        file = url.relativePath
        self.limits = limits
        let handle = try Self.open(url, named: file)
        let read = { @Sendable () throws -> [UInt8] in [UInt8](try handle.read(upToCount: 1 << 18) ?? Data()) }
        do {
            var start: [UInt8] = []
            // A pipe may give its first bytes one at a time.
            while start.count < 3 {
                let more = try read()
                if more.isEmpty { break }
                start += more
            }
            if start.starts(with: GzipInflater.magic) {
                var first: [UInt8]? = start
                let inflater = try GzipInflater {
                    defer { first = nil }
                    return try first ?? read()
                }
                nextChunk = inflater.next
                chunk = []
            } else {
                nextChunk = read
                chunk = start
                if start.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
            }
            guard !start.isEmpty else {
                throw JSONLinesError(file: file, line: nil, reason: "the file is empty; expected JSON Lines")
            }
        } catch {
            throw Self.readingError(error, file: file, line: nil)
        }
        byteCount = chunk.count
    }

    /// The next line that is not blank, without its line end; nil at the end of the file.
    ///
    /// - Throws: ``JSONLinesError`` if the file cannot be read further, its compressed data is damaged or cut off, or it
    ///   is larger than the limits.
    package func next() throws -> [UInt8]? {
        while let line = try nextRaw() {
            let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            if !isBlank { return line }
        }
        return nil
    }

    private func nextRaw() throws -> [UInt8]? {
        var line: [UInt8] = []
        while true {
            if position == chunk.count {
                try refill()
                if chunk.isEmpty {
                    guard !line.isEmpty else { return nil }
                    lineNumber += 1
                    return line
                }
            }
            if line.isEmpty { passEmptyLines() }
            let end = chunk[position...].firstIndex(of: 0x0A)
            line += chunk[position..<(end ?? chunk.count)]
            guard line.count <= limits.lineBytes else {
                throw error(
                    line: lineNumber + 1, "the line is longer than \(limits.lineBytes) bytes; split the document")
            }
            position = end.map { $0 + 1 } ?? chunk.count
            if end != nil {
                lineNumber += 1
                return line
            }
        }
    }

    /// A few compressed bytes may stand for millions of these.
    private func passEmptyLines() {
        while position < chunk.count, chunk[position] == 0x0A {
            position += 1
            lineNumber += 1
        }
    }

    private func refill() throws {
        let isStart = byteCount == 0
        do {
            chunk = try nextChunk()
        } catch {
            throw Self.readingError(error, file: file, line: lineNumber + 1)
        }
        position = isStart && chunk.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        byteCount += chunk.count
        guard byteCount <= limits.bytes else {
            throw error(line: nil, "the file holds more than \(limits.bytes) bytes of text; split it")
        }
    }

    /// An error in a line of this file.
    package func error(line: Int?, _ reason: String) -> JSONLinesError {
        JSONLinesError(file: file, line: line, reason: reason)
    }

    private static func open(_ url: URL, named file: String) throws -> FileHandle {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw JSONLinesError(file: file, line: nil, reason: "no such file")
        }
        guard !isFolder.boolValue else {
            throw JSONLinesError(file: file, line: nil, reason: "this is a folder; expected a JSON Lines file")
        }
        do {
            return try FileHandle(forReadingFrom: url)
        } catch {
            throw readingError(error, file: file, line: nil)
        }
    }

    private static func readingError(_ error: any Error, file: String, line: Int?) -> JSONLinesError {
        switch error {
        case let error as JSONLinesError: error
        case let error as GzipInflater.Fault: JSONLinesError(file: file, line: line, reason: error.reason)
        default: JSONLinesError(file: file, line: line, reason: "cannot be read: \(error.localizedDescription)")
        }
    }
}
