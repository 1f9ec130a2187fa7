import Foundation
import TestSupport

/// Where the tests find their files.
enum Place {
    /// Tiny models of every format, and what public implementations compute from them.
    static let fixtures = packageRoot.appending(path: "Fixtures")

    /// Reference models and values from elsewhere, where they are at hand.
    static let golden = environment("LLOCO_GOLDEN") ?? packageRoot.appending(path: "../shared/golden")
    static let hasGolden = exists(golden.appending(path: "tiny"))

    /// The default models, where they have been set up.
    private static let models = (environment("LLOCO_DEPS") ?? packageRoot.appending(path: ".deps"))
        .appending(path: "models")
    static let languageModel = models.appending(path: "smollm2-135m-instruct")
    static let sentenceEncoder = models.appending(path: "all-minilm-l6-v2")
    static let hasDefaultModels =
        exists(languageModel) && exists(sentenceEncoder) && DefaultModelValues.exist(in: golden)

    static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    private static func environment(_ name: String) -> URL? {
        ProcessInfo.processInfo.environment[name].map { URL(fileURLWithPath: $0) }
    }
}

/// Runs `body` with a new folder, gone afterwards.
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
        try FileManager.default.copyItem(at: Place.fixtures.appending(path: name), to: copy)
        let file = copy.appending(path: "config.json")
        var values = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
        values.merge(changes) { $1 }
        try JSONSerialization.data(withJSONObject: values).write(to: file)
        return try body(copy)
    }
}
