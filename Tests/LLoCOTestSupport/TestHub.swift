package import Foundation
import LLoCOBase
import LLoCOModelFiles

/// A model hub on loopback with configurable answers.
///
/// A separate process runs `server.py` from the fixtures of LLoCOModelHubTests.
package final class TestHub: @unchecked Sendable {
    // Unchecked: the process is started once and killed once, and only one test sets the rules.
    package let folder: TemporaryFolder
    package let address: String
    private let process = Process()
    private var rules: [String: [[String: Any]]] = [:]

    package init() throws {
        folder = try TemporaryFolder()
        try folder.write("rules.json", text: "{}")
        let output = Pipe()
        guard let python = Programs.find("python3") else { throw CocoaError(.fileNoSuchFile) }
        process.executableURL = URL(filePath: python)
        let server = packageRoot.appending(path: "Tests/LLoCOModelHubTests/Fixtures/server.py")
        process.arguments = [server.path, folder.url.path]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw CocoaError(.fileReadUnknown) }
            text += String(decoding: data, as: UTF8.self)
        }
        address = "http://127.0.0.1:\(text.trimmingCharacters(in: .newlines))"
    }

    deinit { Programs.kill(process) }

    /// Replaces the rules of a path.
    package func answer(_ path: String, _ rules: [String: Any]...) throws {
        self.rules[path] = rules
        try folder.write("rules.json", JSONSerialization.data(withJSONObject: self.rules))
    }

    /// A request from the server's log.
    package struct Request {
        package let path: String
        package let headers: [String: String]
    }

    /// The requests so far, by default for all paths.
    package func requests(_ path: String? = nil) throws -> [Request] {
        let log = try? String(contentsOfFile: folder.path("log.jsonl"), encoding: .utf8)
        return try (log ?? "").split(separator: "\n").compactMap { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return Request(
                path: object?["path"] as? String ?? "", headers: object?["headers"] as? [String: String] ?? [:])
        }.filter { path == nil || $0.path.split(separator: "?")[0] == path ?? "" }
    }

    // MARK: - A repository

    package static let commit = String(repeating: "a1", count: 20)

    /// Serves a repository with files.
    ///
    /// - Parameters:
    ///   - large: the names of files that are announced with a SHA-256; others have git's SHA-1
    ///   - digests: false digests to announce
    package func serve(
        _ repository: String, _ files: [String: Data], large: Set<String> = [], licence: String? = "apache-2.0",
        digests: [String: String] = [:]
    ) throws {
        var card: [String: Any] = ["id": repository, "sha": Self.commit, "tags": ["gguf"]]
        if let licence { card["cardData"] = ["license": licence] }
        try answer("/api/models/\(repository)", ["body": try Self.text(card)])
        var tree: [[String: Any]] = [["type": "directory", "path": "folder", "size": 0, "oid": Self.commit]]
        for (name, data) in files {
            var entry: [String: Any] = ["type": "file", "path": name, "size": data.count]
            if large.contains(name) {
                entry["oid"] = Self.commit
                entry["lfs"] = ["oid": digests[name] ?? Digest.sha256(data), "size": data.count]
            } else {
                entry["oid"] = digests[name] ?? Self.gitObject(data)
            }
            tree.append(entry)
            let stored = name.replacingOccurrences(of: "/", with: "-")
            try folder.write("files/\(stored)", data)
            try answer("/\(repository)/resolve/\(Self.commit)/\(name)", ["file": "files/\(stored)"])
        }
        try answer("/api/models/\(repository)/tree/\(Self.commit)", ["body": try Self.text(tree)])
    }

    private static func gitObject(_ data: Data) -> String {
        var hasher = ContentHasher(for: .gitObject(""), bytes: data.count)
        data.withUnsafeBytes { hasher.update($0) }
        return hasher.digest().hexadecimal
    }

    package static func text(_ value: Any) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
    }

    /// Pseudorandom bytes.
    package static func content(_ count: Int, seed: UInt64 = 1) -> Data {
        var generator = SplitMix64(seed: seed)
        return Data((0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
    }
}
