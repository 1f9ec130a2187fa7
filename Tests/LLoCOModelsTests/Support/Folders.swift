import Foundation
import LLoCOTestSupport

/// Runs `body` with a temporary folder, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lloco-models-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Runs `body` with a copy of a fixture's folder whose configuration has other values.
func withFixture<Result>(
    _ name: String, configuration changes: [String: Any] = [:], _ body: (URL) throws -> Result
) throws -> Result {
    try withTemporaryFolder { folder in
        let copy = folder.appending(path: name)
        try FileManager.default.copyItem(at: TestFiles.fixtures.appending(path: name), to: copy)
        let file = copy.appending(path: "config.json")
        var values = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
        values.merge(changes) { $1 }
        try JSONSerialization.data(withJSONObject: values).write(to: file)
        return try body(copy)
    }
}
