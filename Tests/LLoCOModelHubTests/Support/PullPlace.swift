import Foundation
import LLoCOBase
import LLoCOModelFiles
import LLoCOModelHub
import LLoCOTestSupport
import Testing

/// The folders and environment of a test's pulls.
struct PullPlace {
    let folder: TemporaryFolder
    var environment: [String: String]

    init(_ hub: TestHub, token: String? = nil) throws {
        folder = try TemporaryFolder()
        environment = [
            "HF_ENDPOINT": hub.address, "LLOCO_MODELS": folder.path("models"), "HF_HUB_CACHE": folder.path("cache"),
        ]
        environment["HF_TOKEN"] = token
    }

    var places: ModelPlaces {
        ModelPlaces(
            own: ModelFolder(environment: environment), installed: [], cache: HuggingFaceCache(environment: environment)
        )
    }

    /// A pull with short pauses.
    func pull(_ name: String, _ change: (inout HubSettings) -> Void = { _ in }) throws -> ModelPull {
        var settings = try HubSettings(environment: environment)
        settings.pause = .milliseconds(5)
        settings.longestPause = .milliseconds(50)
        settings.minimumBytes = 1024
        change(&settings)
        return ModelPull(try #require(ModelReference(name: name)), settings: settings, places: places)
    }

    @discardableResult
    func run(_ name: String, _ change: (inout HubSettings) -> Void = { _ in }) async throws -> ModelPull.Outcome {
        try await pull(name, change).run()
    }

    /// The one-line error of a pull, which must fail.
    func failure(
        _ name: String, location: SourceLocation = #_sourceLocation, _ change: (inout HubSettings) -> Void = { _ in }
    ) async throws -> String {
        let pull = try pull(name, change)
        let error = await #expect(throws: (any Error).self, sourceLocation: location) { try await pull.run() }
        let text = error.map { "\($0)" } ?? ""
        #expect(error is any CodedError && !text.contains("\n"), "\(text)", sourceLocation: location)
        return text
    }

    /// The paths of all files in the folder of models.
    func content() -> [String] {
        let found = FileManager.default.enumerator(atPath: folder.path("models"))?.compactMap { $0 as? String } ?? []
        return found.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder.path("models/\($0)"), isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appending(path: "models/\(name)")) }
}
