import Foundation
import LLoCOTestSupport
import LLoCOTokenizers

/// Reading and writing of files in tokenizer tests.
enum TokenizerFiles {
    static func decode<Value: Decodable>(_ type: Value.Type, from url: URL) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }

    /// Runs `body` with a new folder that contains the files; the folder is deleted afterwards.
    static func withFolder<Result>(_ files: [String: Data], _ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lloco-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, data) in files {
            try data.write(to: folder.appending(path: name))
        }
        return try body(folder)
    }

    /// The error of loading a folder with these files; nil if it loads.
    static func failure(_ files: [String: Data]) throws -> TokenizerError? {
        try withFolder(files) { folder in
            do throws(TokenizerError) {
                _ = try TokenizerLoader.load(folder: folder)
                return nil
            } catch {
                return error
            }
        }
    }
}

/// The content of `expected.json` or `families.json`.
struct Expected: Decodable {
    let strings: [String]
    /// Ids of every string, by tokenizer.
    let parsed: [String: [[Int]]]
    /// Ids that differ if special tokens are plain text, by tokenizer and string index.
    let asText: [String: [String: [Int]]]
    /// Decoded text that differs from the string.
    let decoded: [String: [String: String]]

    static func load() throws -> Expected {
        try TokenizerFiles.decode(Expected.self, from: TestFiles.tokenizers.appending(path: "expected.json"))
    }

    static func tokenizer(_ name: String) throws -> any Tokenizer {
        try TokenizerLoader.load(folder: TestFiles.tokenizers.appending(path: name))
    }
}

extension String {
    /// Whether both strings have the same UTF-8; `==` compares by canonical equivalence.
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
