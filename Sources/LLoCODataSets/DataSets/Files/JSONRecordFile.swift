import Foundation
import LLoCOBase

/// A reader of the records of a JSON file, one at a time, for every layout.
final class JSONRecordFile {
    /// The arrangement of the records in a file.
    enum Layout: Equatable {
        /// One object per line (JSON Lines).
        case lines
        /// One list of records.
        case list
        /// One object whose keys are the records' ids.
        case members
        /// One object that contains the records as the list of this name.
        case namedList(String)
        /// One record in the whole file.
        case single
    }

    struct Record {
        var bytes: [UInt8]
        /// The line where the record begins, from 1.
        var line: Int
        /// The index of the record in the file, from 1.
        var number: Int
        var key: String?
    }

    let file: String
    private let layout: Layout
    private let source: Source
    private var count = 0
    private var isDone = false

    private enum Source {
        case lines(JSONLinesReader)
        case elements(JSONElementReader)
    }

    /// Opens the file at `url`.
    ///
    /// - Throws: `JSONLinesError` for an unreadable or malformed file; ``next()`` throws it too.
    init(url: URL, layout: Layout, limits: DataFileLimits) throws {
        self.layout = layout
        file = url.relativePath
        if layout == .lines {
            var lines = JSONLinesReader.Limits()
            lines.bytes = limits.bytes
            lines.lineBytes = limits.recordBytes
            source = .lines(try JSONLinesReader(url: url, limits: lines))
        } else {
            source = .elements(
                try JSONElementReader(url: url, byteLimit: limits.bytes, elementLimit: limits.recordBytes))
        }
    }

    /// Whether each record is one line.
    var hasLines: Bool { layout == .lines }

    /// The next record; nil after the last one.
    func next() throws -> Record? {
        guard !isDone else { return nil }
        let record: Record?
        switch source {
        case .lines(let lines):
            record = try lines.next().map { Record(bytes: $0, line: lines.lineNumber, number: count + 1) }
        case .elements(let elements):
            record = try next(in: elements)
            if record == nil, try elements.peek() != nil { throw try elements.fault("the end of the file") }
        }
        count += 1
        isDone = record == nil
        return record
    }

    private func next(in elements: JSONElementReader) throws -> Record? {
        switch layout {
        case .lines: return nil
        case .single:
            return count == 0 ? try element(of: elements) : nil
        case .list:
            guard try enter(elements, "[", "]", "a list of records") else { return nil }
            return try element(of: elements)
        case .members:
            guard try enter(elements, "{", "}", "an object of records") else { return nil }
            let key = try elements.key()
            return try element(of: elements, key: key)
        case .namedList(let name):
            if count == 0 { try find(name, in: elements) }
            guard try enter(elements, "[", "]", "a list of records as \"\(name)\"") else {
                while try elements.accept(",") {
                    _ = try elements.key()
                    _ = try elements.element()
                }
                try elements.expect("}", "a comma or the end of the object")
                return nil
            }
            return try element(of: elements)
        }
    }

    private func element(of elements: JSONElementReader, key: String? = nil) throws -> Record {
        // Skips white space, so that `line` is where the element begins.
        _ = try elements.peek()
        let line = elements.line
        return Record(bytes: try elements.element(), line: line, number: count + 1, key: key)
    }

    /// Advances to the next element; false after the last one.
    private func enter(
        _ elements: JSONElementReader, _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ expected: String
    ) throws -> Bool {
        if count == 0 {
            try elements.expect(open, expected)
            return try !elements.accept(close)
        }
        if try elements.accept(close) { return false }
        try elements.expect(",", "a comma or the end of the records")
        return true
    }

    /// Advances to the value of `name` in the file's object.
    private func find(_ name: String, in elements: JSONElementReader) throws {
        try elements.expect("{", "an object with the list \"\(name)\"")
        while try elements.peek() != UInt8(ascii: "}") {
            if try elements.key() == name { return }
            _ = try elements.element()
            guard try elements.accept(",") else { break }
        }
        throw try elements.fault("the list \"\(name)\"")
    }
}
