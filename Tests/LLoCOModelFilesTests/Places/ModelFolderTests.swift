import Foundation
import LLoCOBase
import LLoCOModelFiles
import LLoCOTestSupport
import Testing

@Suite struct ModelFolderTests {
    private let folder: TemporaryFolder
    private let own: ModelFolder

    init() throws {
        folder = try TemporaryFolder()
        own = ModelFolder(folder.url.appending(path: "models"))
    }

    private func write(_ name: String, _ files: [String: String]) throws {
        let repository = try #require(HubRepository(name))
        let place = own.folder(of: repository)
        for (file, text) in files { try folder.write("models/\(name)/\(file)", text: text) }
        try ModelManifest(
            name: name, source: "test", revision: nil, licence: "mit",
            files: files.sorted { $0.key < $1.key }.map {
                .init(name: $0.key, bytes: $0.value.utf8.count, sha256: Digest.sha256($0.value))
            }
        ).write(to: place)
    }

    private func reference(_ name: String) throws -> ModelReference { try #require(ModelReference(name: name)) }

    @Test func locationFollowsTheEnvironment() {
        func path(_ environment: [String: String]) -> String? { ModelFolder(environment: environment)?.url.path }
        #expect(path(["HOME": "/h", "XDG_DATA_HOME": "/d"]) == "/d/lloco/models")
        #expect(path(["HOME": "/h", "XDG_DATA_HOME": "/d", "LLOCO_MODELS": "/m"]) == "/m")
        #expect(path(["LLOCO_MODELS": ""]) == nil)
        #if os(Linux)
            #expect(path(["HOME": "/h", "XDG_DATA_HOME": "relative"]) == "/h/.local/share/lloco/models")
        #endif
    }

    @Test func catalogueModelsAreFoundInEveryPlace() throws {
        let model = try #require(ModelCatalogue.model(named: "smollm2-135m"))
        let installed = folder.url.appending(path: "installed")
        let places = ModelPlaces(own: own, installed: [installed], cache: nil)
        #expect(try places.model(.catalogue(model)) == nil)
        let file = installed.appending(path: "\(model.folder)/\(model.file)")
        try folder.write("installed/\(model.folder)/\(model.file)", text: "")
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(model.bytes))
        let found = try #require(try places.model(.catalogue(model)))
        #expect(found.place == .installation && found.path.path == file.path && found.licence == "apache-2.0")
        #expect(try found.files[0].fault()?.contains(model.sha256) == true, "only the size matches")
        #expect(places.models().map(\.name) == ["smollm2-135m"])
        // A truncated file is reported.
        try handle.truncate(atOffset: 5)
        try handle.close()
        let error = #expect(throws: ModelFileError.self) { try places.model(.catalogue(model)) }
        #expect(error?.description.contains("5 bytes, expected \(model.bytes)") == true)
        #expect(error?.hint == .pullModel("smollm2-135m"))
        var faults = 0
        #expect(places.models { _ in faults += 1 }.isEmpty && faults == 1)
    }

    @Test func modelsAreRemoved() throws {
        try write("o/one", ["a.gguf": "aa", "b.gguf": "b"])
        try write("o/two", ["config.json": "{}", "model.safetensors": "w"])
        #expect(own.models().map(\.name) == ["o/one:a.gguf", "o/one:b.gguf", "o/two"])
        #expect(try own.remove(reference("o/one:c.gguf")).files.isEmpty)
        #expect(try own.remove(reference("o/three")).files.isEmpty)
        #expect(try own.remove(reference("o/one:a.gguf")).bytes == 2)
        #expect(own.models().map(\.name) == ["o/one", "o/two"])
        #expect(try own.remove(reference("o/one")).files.map(\.lastPathComponent) == ["b.gguf"])
        // A partial download is removed too.
        try folder.write("models/o/three/x.gguf.part", text: "xxx")
        #expect(try own.remove(reference("o/three")).bytes == 3)
        #expect(try own.remove(reference("o/two")).bytes == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: own.url.path).isEmpty)
    }

    @Test func missingAndTruncatedFilesAreDetected() throws {
        try write("o/one", ["a.gguf": "aa", "b.gguf": "b"])
        try write("o/two", ["config.json": "{}", "model.safetensors": "weights"])
        let places = ModelPlaces(own: own, installed: [], cache: nil)
        func fault(_ name: String) throws -> ModelFileError? {
            #expect(throws: ModelFileError.self) { try places.model(reference(name)) }
        }
        try folder.write("models/o/two/model.safetensors", text: "weigh")
        let truncated = try fault("o/two")
        #expect(truncated?.description.contains("model.safetensors: 5 bytes, expected 7 bytes of o/two") == true)
        #expect(truncated?.errorCode == .damaged && truncated?.hint == .pullModel("o/two"))
        try FileManager.default.removeItem(atPath: folder.path("models/o/one/a.gguf"))
        let missing = try fault("o/one:a.gguf")
        #expect(missing?.description.contains("a.gguf: no such file, expected 2 bytes") == true)
        #expect(missing?.hint == .pullModel("o/one:a.gguf"))
        // The other file is intact.
        #expect(try places.model(reference("o/one:b.gguf")) != nil)
        var faults: [ModelFileError] = []
        #expect(places.models { faults.append($0) }.map(\.name) == ["o/one:b.gguf"])
        #expect(faults == [missing, truncated])
        #expect(try own.remove(reference("o/two")).files.count == 2)
    }

    @Test func truncatedCatalogueModelIsReportedOnce() throws {
        let model = try #require(ModelCatalogue.model(named: "smollm2-135m"))
        try folder.write("models/\(model.folder)/\(model.file)", text: "cut")
        try ModelManifest(
            name: model.name, source: "pip", revision: nil, licence: nil,
            files: [.init(name: model.file, bytes: model.bytes, sha256: model.sha256)]
        ).write(to: own.folder(of: model))
        var faults: [ModelFileError] = []
        #expect(ModelPlaces(own: own, installed: [], cache: nil).models { faults.append($0) }.isEmpty)
        #expect(faults.count == 1 && faults.first?.hint == .pullModel("smollm2-135m"))
    }

    @Test func modelIsNotRemovedWhileItIsPulled() throws {
        try write("o/one", ["a.gguf": "aa"])
        let path = own.folder(of: try #require(HubRepository("o/one"))).path
        let lock = try WriterLock.acquire(path, timeout: .zero) { _ in }
        #expect(throws: LockError.self) { try own.remove(reference("o/one")) }
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: [
        "", "[]", #"{"name": "n", "source": "s", "files": [{"name": "../x", "bytes": 1, "sha256": "DIGEST"}]}"#,
        #"{"name": "n", "source": "s", "files": [{"name": "x", "bytes": -1, "sha256": "DIGEST"}]}"#,
        #"{"name": "n", "source": "s", "files": [{"name": "x", "bytes": 1, "sha256": "abc"}]}"#,
    ])
    func manifestsAreChecked(text: String) throws {
        let digest = String(repeating: "a", count: 64)
        try folder.write(
            "models/o/m/\(ModelManifest.fileName)", text: text.replacingOccurrences(of: "DIGEST", with: digest))
        var faults: [ModelFileError] = []
        #expect(own.models { faults.append($0) }.isEmpty)
        #expect(faults.count == 1 && faults.first?.description.contains(ModelManifest.fileName) == true)
        // The model can still be removed.
        #expect(try own.remove(reference("o/m")).files.isEmpty)
        #expect(own.models { _ in Issue.record("the model is removed") }.isEmpty)
    }
}
