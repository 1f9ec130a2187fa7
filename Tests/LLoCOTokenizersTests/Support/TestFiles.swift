import Foundation
import LLoCOTokenizers

/// Where the tests find their files.
enum TestFiles {
    private static let target = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    private static let package = target.deletingLastPathComponent().deletingLastPathComponent()

    /// What `make_tokenizers.py` wrote.
    static let fixtures = target.appending(path: "Fixtures")

    /// Reference values, where this machine has them.
    static let golden = existing(
        environment("LLOCO_GOLDEN") ?? package.deletingLastPathComponent().appending(path: "shared/golden"))

    /// The default models, where they are installed.
    static let models = existing(
        (environment("LLOCO_DEPS") ?? package.appending(path: ".deps")).appending(path: "models"))

    static let smolLM2 = models.flatMap { models in
        let folder = models.appending(path: "smollm2-135m-instruct")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().first { $0.hasSuffix(".gguf") }.map { folder.appending(path: $0) }
    }

    static let miniLM = models.flatMap { existing($0.appending(path: "all-minilm-l6-v2")) }

    private static func environment(_ name: String) -> URL? {
        ProcessInfo.processInfo.environment[name].map { URL(fileURLWithPath: $0) }
    }

    private static func existing(_ url: URL) -> URL? { FileManager.default.fileExists(atPath: url.path) ? url : nil }

    static func decode<Value: Decodable>(_ type: Value.Type, from url: URL) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }

    /// A new folder with the given files, for `body` to read.
    static func withFolder<Result>(_ files: [String: Data], _ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lloco-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, data) in files {
            try data.write(to: folder.appending(path: name))
        }
        return try body(folder)
    }

    /// The error of loading a folder with the given files; nil where it loads.
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

/// `expected.json`.
struct Expected: Decodable {
    let strings: [String]
    /// Ids of every string, by tokenizer.
    let parsed: [String: [[Int]]]
    /// Ids that differ where special tokens are text, by tokenizer and the string's place.
    let asText: [String: [String: [Int]]]
    /// Decoded text that differs from the string.
    let decoded: [String: [String: String]]

    static func load() throws -> Expected {
        try TestFiles.decode(Expected.self, from: TestFiles.fixtures.appending(path: "expected.json"))
    }

    static func tokenizer(_ name: String) throws -> any Tokenizer {
        try TokenizerLoader.load(folder: TestFiles.fixtures.appending(path: name))
    }
}

extension String {
    /// Equality of bytes: Swift's own is of canonical equivalence.
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
