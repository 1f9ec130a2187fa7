package import Foundation

/// Reads a table of comma-separated values (RFC 4180), gzipped or not, row by row.
///
/// The table has a header row. Fields with commas, line breaks or doubled quotes are quoted. Lines end in LF or CR LF.
package final class CSVReader {
    /// The maximum sizes of a table.
    package struct Limits {
        package var columns = 256
        /// bytes per row
        package var rowBytes = 64 << 20

        package init() {}
    }

    /// A row, with its fields by column name.
    package struct Row {
        /// The line on which the row begins, from 1.
        package var line: Int
        fileprivate var fields: [String]
        fileprivate var columns: [String: Int]

        /// A field, which may be empty.
        ///
        /// - Throws: `JSONFields.Fault` if the table has no such column.
        package func string(_ column: String) throws -> String {
            guard let index = columns[column] else {
                throw JSONFields.Fault(reason: "the table has no column \"\(column)\"")
            }
            return fields[index]
        }

        /// A field that is not blank.
        ///
        /// - Throws: `JSONFields.Fault` if the column is missing or the field is blank.
        package func text(_ column: String) throws -> String {
            let text = try string(column)
            guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
                throw JSONFields.Fault(reason: "\"\(column)\" is empty; expected text")
            }
            return text
        }
    }

    /// A row, or the fault that makes it malformed.
    package enum Result {
        case row(Row)
        case fault(JSONFields.Fault, line: Int)
    }

    /// The file's path as the caller wrote it.
    package var file: String { chunks.file }
    /// The column names.
    package var names: Set<String> { Set(columns.keys) }

    private let chunks: ChunkReader
    private let limits: Limits
    private var columns: [String: Int] = [:]
    private var chunk: [UInt8] = []
    private var position = 0
    private var line = 1

    /// Opens the file at `url` and reads its header.
    ///
    /// - Parameter byteLimit: the maximum size of the decompressed file in bytes
    /// - Throws: `JSONLinesError` if the file cannot be read or its header is malformed.
    package init(url: URL, limits: Limits = Limits(), byteLimit: Int) throws {
        self.limits = limits
        chunks = try ChunkReader(url: url, byteLimit: byteLimit, expected: "a table (CSV)")
        guard let (header, fault, line) = try row() else { throw error(nil, "the table is empty; expected a header") }
        if let fault { throw error(line, "the header: \(fault)") }
        for (index, bytes) in header.enumerated() {
            guard let name = String(validating: bytes, as: UTF8.self), columns.updateValue(index, forKey: name) == nil
            else { throw error(line, "the header: a duplicate column name, or one that is not UTF-8") }
        }
    }

    /// The next row that is not blank; nil at the end of the file.
    ///
    /// - Throws: `JSONLinesError` if the rest of the file cannot be read: it is damaged or ends inside quotes.
    package func next() throws -> Result? {
        guard let (fields, fault, line) = try row() else { return nil }
        if let fault { return .fault(JSONFields.Fault(reason: fault), line: line) }
        guard fields.count == columns.count else {
            let reason = "a row of \(fields.count) fields; expected \(columns.count), the number in the header"
            return .fault(JSONFields.Fault(reason: reason), line: line)
        }
        var texts: [String] = []
        for bytes in fields {
            guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
                return .fault(JSONFields.Fault(reason: "not UTF-8 text; expected a row of UTF-8 text"), line: line)
            }
            texts.append(text)
        }
        return .row(Row(line: line, fields: texts, columns: columns))
    }

    private enum State { case start, plain, quoted, closed }

    /// The next row's fields, its fault if it is malformed, and the line on which it begins.
    private func row() throws -> (fields: [[UInt8]], fault: String?, line: Int)? {
        var fields: [[UInt8]] = []
        var field: [UInt8] = []
        var fault: String?
        var state = State.start
        var start = line
        var count = 0
        while let byte = try nextByte() {
            count += 1
            guard count <= limits.rowBytes else { throw error(start, "a row is longer than \(limits.rowBytes) bytes") }
            switch (state, byte) {
            case (.quoted, UInt8(ascii: "\"")): state = .closed
            case (.quoted, _): field.append(byte)
            case (.closed, UInt8(ascii: "\"")):
                field.append(byte)
                state = .quoted
            case (.start, UInt8(ascii: "\"")): state = .quoted
            case (_, UInt8(ascii: ",")):
                guard fields.count + 1 < limits.columns else {
                    throw error(start, "a row of more than \(limits.columns) fields")
                }
                fields.append(field)
                field = []
                state = .start
            case (_, 0x0D) where try peekByte() == 0x0A: break
            case (_, 0x0A):
                if state == .start, fields.isEmpty {
                    // Skip a blank line.
                    start = line
                    count = 0
                    continue
                }
                return (fields + [field], fault, start)
            default:
                if state == .closed { fault = fault ?? "text after a closing quotation mark" }
                if byte == UInt8(ascii: "\"") { fault = fault ?? "a quotation mark in a field without quotes" }
                field.append(byte)
                state = .plain
            }
        }
        guard state != .quoted else { throw error(start, "a quoted field does not end; the file is truncated") }
        return state == .start && fields.isEmpty ? nil : (fields + [field], fault, start)
    }

    private func nextByte() throws -> UInt8? {
        guard let byte = try peekByte() else { return nil }
        position += 1
        if byte == 0x0A { line += 1 }
        return byte
    }

    private func peekByte() throws -> UInt8? {
        if position == chunk.count {
            chunk = try chunks.next(line: line)
            position = 0
            if chunk.isEmpty { return nil }
        }
        return chunk[position]
    }

    private func error(_ line: Int?, _ reason: String) -> JSONLinesError {
        JSONLinesError(file: file, line: line, reason: reason)
    }
}
