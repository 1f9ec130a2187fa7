package import Foundation

/// Reads the lines of a JSON Lines file, gzipped or not, one by one: only the line at hand is in memory.
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
    package var file: String { chunks.file }
    /// The number of the line that `next` gave last, from 1.
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
                chunk = try chunks.next(line: lineNumber + 1)
                position = 0
                if chunk.isEmpty {
                    guard !line.isEmpty else { return nil }
                    lineNumber += 1
                    return line
                }
            }
            if line.isEmpty { passEmptyLines() }
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

    /// A few compressed bytes may stand for millions of these.
    private func passEmptyLines() {
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
