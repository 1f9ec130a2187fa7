import Foundation
import LLoCOBase
import LLoCODataSets
import Testing

/// A temporary folder for a data set's files, removed when the test ends.
final class DataFiles {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "data-set-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Writes a file and creates its folders.
    @discardableResult
    func write(_ text: String, to path: String) throws -> URL {
        try write(Array(text.utf8), to: path)
    }

    @discardableResult
    func write(_ bytes: [UInt8], to path: String) throws -> URL {
        let url = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url
    }

    /// The set in a single file.
    static func read(
        _ text: String, name: String = "data", as format: DataFormat? = nil,
        options: EvaluationSet.ReadingOptions = .init()
    ) throws -> EvaluationSet {
        let files = try DataFiles()
        return try EvaluationSet(contentsOf: files.write(text, to: name), format: format, options: options)
    }

    /// The error for a file that cannot be read at all.
    static func fault(
        _ text: String, name: String = "data", as format: DataFormat? = nil, location: SourceLocation = #_sourceLocation
    ) -> JSONLinesError? {
        let error = #expect(throws: JSONLinesError.self, sourceLocation: location) {
            try read(text, name: name, as: format)
        }
        if let error {
            #expect(error.file.hasSuffix(name), sourceLocation: location)
            #expect(!error.description.contains("\n"), sourceLocation: location)
        }
        return error
    }
}

/// The layouts of JSON records: lines, indented objects, a list.
enum Form: CaseIterable {
    case line, indented, list

    func text(_ objects: [String]) -> String {
        switch self {
        case .line: objects.map { $0.replacing("\n", with: " ") }.joined(separator: "\n") + "\n"
        case .indented: objects.joined(separator: "\n")
        case .list: "[" + objects.joined(separator: ",\n") + "]"
        }
    }
}

/// Gzip without compression (RFC 1951, section 3.2.4), with the features that the tests need.
enum StoredGzip {
    static func member(_ bytes: [UInt8]) -> [UInt8] {
        precondition(bytes.count < 65_536, "one block")
        let count = UInt16(bytes.count)
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1] + littleEndian(count) + littleEndian(~count) + bytes
            + littleEndian(checksum(bytes)) + littleEndian(UInt32(bytes.count))
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var checksum = ~UInt32(0)
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? (checksum >> 1) ^ 0xEDB8_8320 : checksum >> 1 }
        }
        return ~checksum
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
