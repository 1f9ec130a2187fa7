package import Foundation

/// Reads a JSON Lines file, gzipped or not, line by line. Only the current line is in memory.
package final class JSONLinesReader {
    /// The maximum sizes of a decompressed file.
    package struct Limits: Sendable {
        /// bytes of the whole file; default 2 GiB
        package var bytes = 2 << 30
        /// bytes of one line; default 256 MiB
        package var lineBytes = 256 << 20

        package init() {}
    }

    /// The file's path as the caller wrote it.
    package var file: String { chunks.file }
    /// The number of the last line that `next` returned, from 1.
    package private(set) var lineNumber = 0

    private let lineLimit: Int
    private let chunks: ChunkReader
    private var chunk: [UInt8] = []
    private var position = 0

    /// Opens the file at `url`.
    ///
    /// - Throws: ``JSONLinesError`` if it is missing, a folder, unreadable or empty.
    package init(url: URL, limits: Limits = Limits()) throws {
        chunks = try ChunkReader(url: url, byteLimit: limits.bytes, expected: "a JSON Lines file")
        lineLimit = limits.lineBytes
    }

    /// The next line that is not blank, without its line ending; nil at the end of the file.
    ///
    /// - Throws: ``JSONLinesError`` if the file cannot be read further, its compressed data is damaged or truncated, or
    ///   the text is larger than the limits.
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
                chunk = try chunks.next(line: lineNumber + 1)
                position = 0
                if chunk.isEmpty {
                    guard !line.isEmpty else { return nil }
                    lineNumber += 1
                    return line
                }
            }
            if line.isEmpty { skipEmptyLines() }
            let end = chunk[position...].firstIndex(of: 0x0A)
            line += chunk[position..<(end ?? chunk.count)]
            guard line.count <= lineLimit else {
                throw error(line: lineNumber + 1, "the line is longer than \(lineLimit) bytes; split the document")
            }
            position = end.map { $0 + 1 } ?? chunk.count
            if end != nil {
                lineNumber += 1
                return line
            }
        }
    }

    /// Skips empty lines without a call for each: a few compressed bytes may hold millions of them.
    private func skipEmptyLines() {
        while position < chunk.count, chunk[position] == 0x0A {
            position += 1
            lineNumber += 1
        }
    }

    /// An error in a line of this file.
    package func error(line: Int?, _ reason: String) -> JSONLinesError {
        JSONLinesError(file: file, line: line, reason: reason)
    }
}
