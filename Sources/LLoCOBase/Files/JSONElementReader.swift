package import Foundation

/// Reads a JSON file, gzipped or not, one list element or one object member at a time.
///
/// Only the current element is in memory.
package final class JSONElementReader {
    /// The file's path as the caller wrote it.
    var file: String { chunks.file }
    /// The line of the current byte, from 1.
    package private(set) var line = 1

    private let chunks: ChunkReader
    private let elementLimit: Int
    private var chunk: [UInt8] = []
    private var position = 0

    /// Opens the file at `url`.
    ///
    /// - Parameters:
    ///   - byteLimit: the maximum size of the decompressed file in bytes
    ///   - elementLimit: the maximum size of one element in bytes
    /// - Throws: ``JSONLinesError`` if the file is missing, a folder, unreadable or empty.
    package init(url: URL, byteLimit: Int, elementLimit: Int) throws {
        chunks = try ChunkReader(url: url, byteLimit: byteLimit, expected: "a data set")
        self.elementLimit = elementLimit
    }

    /// The next byte that is not white space, without consuming it; nil at the end of the file.
    package func peek() throws -> UInt8? {
        while true {
            while position < chunk.count {
                switch chunk[position] {
                case 0x0A: line += 1
                case 0x20, 0x09, 0x0D: break
                default: return chunk[position]
                }
                position += 1
            }
            guard try refill() else { return nil }
        }
    }

    /// Consumes `byte` if it is the next one; returns whether it was.
    package func accept(_ byte: Unicode.Scalar) throws -> Bool {
        guard try peek() == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    /// Consumes `byte`; throws if another byte is next.
    package func expect(_ byte: Unicode.Scalar, _ expected: String) throws {
        guard try accept(byte) else { throw try fault(expected) }
    }

    /// Consumes the next value and returns its bytes.
    package func element() throws -> [UInt8] {
        guard let first = try peek() else { throw try fault("a value") }
        guard !",:]}".utf8.contains(first) else { throw try fault("a value") }
        var scanner = JSONValueScanner(first: first)
        var bytes: [UInt8] = []
        while true {
            let start = position
            let isComplete = scanner.scan(chunk, from: &position, line: &line)
            bytes += chunk[start..<position]
            guard bytes.count <= elementLimit else {
                throw error("a record is longer than \(elementLimit) bytes; split the document")
            }
            if isComplete { return bytes }
            guard try refill() else {
                guard scanner.isScalar else { throw error("ends inside a record; the file is truncated") }
                return bytes
            }
        }
    }

    /// Consumes the next member's key and its colon; returns the key.
    package func key() throws -> String {
        guard try peek() == UInt8(ascii: "\"") else { throw try fault("a key") }
        let bytes = try element()
        guard let key = try? JSONFields(line: Array("{\"key\":".utf8) + bytes + [UInt8(ascii: "}")]).string("key")
        else {
            throw error("a key that is not a JSON string")
        }
        try expect(":", "a colon after a key")
        return key
    }

    /// An error that names the next byte and the expected syntax.
    package func fault(_ expected: String) throws -> JSONLinesError {
        guard let byte = try peek() else { return error("the file ends; expected \(expected); it is truncated") }
        let isPlain = byte > 0x20 && byte < 0x7F
        let found = isPlain ? "'\(Unicode.Scalar(byte))'" : "byte 0x\(String(byte, radix: 16, uppercase: true))"
        return error("found \(found); expected \(expected)")
    }

    private func refill() throws -> Bool {
        chunk = try chunks.next(line: line)
        position = 0
        return !chunk.isEmpty
    }

    private func error(_ reason: String) -> JSONLinesError {
        JSONLinesError(file: file, line: line, reason: reason)
    }
}
