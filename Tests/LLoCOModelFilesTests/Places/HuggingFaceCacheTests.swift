import Foundation
import LLoCOBase
import LLoCOModelFiles
import LLoCOTestSupport
import Testing

/// The cache of Hugging Face's programs, in their layout.
@Suite struct HuggingFaceCacheTests {
    private let folder: TemporaryFolder
    private static let commit = String(repeating: "c0", count: 20)

    init() throws { folder = try TemporaryFolder() }

    private var cache: HuggingFaceCache { HuggingFaceCache(folder.url.appending(path: "hub")) }

    private func write(_ repository: String, _ files: [String: String], reference: String? = commit) throws {
        let base = "hub/models--" + repository.replacingOccurrences(of: "/", with: "--")
        if let reference { try folder.write("\(base)/refs/main", text: reference) }
        for (name, text) in files {
            let digest = Digest.sha256(text)
            try folder.write("\(base)/blobs/\(digest)", text: text)
            let link = folder.url.appending(path: "\(base)/snapshots/\(Self.commit)/\(name)")
            try FileManager.default.createDirectory(
                at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
            let up = String(repeating: "../", count: 2 + name.split(separator: "/").count - 1)
            try FileManager.default.createSymbolicLink(
                atPath: link.path, withDestinationPath: "\(up)blobs/\(digest)")
        }
    }

    private func places() -> ModelPlaces { ModelPlaces(own: nil, installed: [], cache: cache) }

    private func find(_ name: String) throws -> StoredModel? {
        try places().model(try #require(ModelReference(name: name)))
    }

    @Test func snapshotsAreFound() throws {
        try write(
            "o/folder",
            [
                "config.json": "{}", "model.safetensors": "weights", "1_Pooling/config.json": "{ }",
                "README.md": "---\nlanguage: en\nlicense: other\nlicense_name: 'my-own'\n---\nlicense: no\n",
            ])
        try write("o/files", ["a.gguf": "a", "sub/b.gguf": "bb", "README.md": "license: mit\n"])
        try write("o/none", ["README.md": "---\nlicense: mit\n---"])
        let model = try #require(try find("o/folder"))
        #expect(model.path.path.hasSuffix("snapshots/\(Self.commit)") && model.place == .cache)
        #expect(model.licence == "my-own" && model.bytes > 0)
        #expect(try model.files.compactMap { try $0.fault() } == [])
        #expect(try find("o/files:sub/b.gguf")?.path.lastPathComponent == "b.gguf")
        let several = #expect(throws: ModelFileError.self) { try find("o/files") }
        #expect(several?.description.contains("o/files:a.gguf, o/files:sub/b.gguf") == true)
        #expect(try find("o/files:c.gguf") == nil)
        #expect(try find("o/none") == nil)
        #expect(try find("o/absent") == nil)
        #expect(places().models().map(\.name) == ["o/files:a.gguf", "o/files:sub/b.gguf", "o/folder"])
        #expect(try find("o/files:a.gguf")?.licence == nil, "only the front matter counts")
        #expect(places().name(of: model.path) == "o/folder")
        #expect(places().name(of: folder.url.appending(path: "elsewhere")) == nil)
    }

    @Test func damagedBlobsAreDetected() throws {
        try write("o/f", ["a.gguf": "content"])
        let model = try #require(try find("o/f"))
        try "CONTENT".write(to: model.path.resolvingSymlinksInPath(), atomically: false, encoding: .utf8)
        #expect(try model.files[0].fault()?.contains("expected \(Digest.sha256("content"))") == true)
        try "longer content".write(to: model.path.resolvingSymlinksInPath(), atomically: false, encoding: .utf8)
        #expect(try model.files[0].fault() == "14 bytes, expected 7")
        try FileManager.default.removeItem(at: model.path.resolvingSymlinksInPath())
        #expect(throws: FileError.self) { try model.files[0].fault() }
    }

    @Test func onlySnapshotIsUsedWithoutAReference() throws {
        try write("o/f", ["a.gguf": "a"], reference: nil)
        #expect(try find("o/f") != nil)
        try folder.write("hub/models--o--f/snapshots/\(String(repeating: "d1", count: 20))/a.gguf", text: "a")
        #expect(try find("o/f") == nil)
    }

    @Test(arguments: ["../../../../etc", "", "main", "/etc", String(repeating: "c0", count: 20) + "/.."])
    func referencesMustBeCommits(text: String) throws {
        try write("o/f", ["a.gguf": "a"], reference: text)
        let error = #expect(throws: ModelFileError.self) { try find("o/f") }
        #expect(error?.description.contains("expected a commit") == true)
        var faults = 0
        #expect(places().models { _ in faults += 1 }.isEmpty && faults == 1)
    }

    @Test func linksMustStayInside() throws {
        try write("o/f", ["a.gguf": "a", "config.json": "{}"])
        let outside = try TemporaryFolder()
        let secret = try outside.write("secret.gguf", text: "secret")
        let link = folder.path("hub/models--o--f/snapshots/\(Self.commit)/b.gguf")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: secret)
        let error = #expect(throws: ModelFileError.self) { try find("o/f:a.gguf") }
        #expect(error?.description.contains("b.gguf: a link to") == true)
        #expect(error?.description.contains("expected a file inside") == true)
        try FileManager.default.removeItem(atPath: link)
        // A link to a missing blob, a blob that is a link, a snapshot that is a link.
        let blob = folder.path("hub/models--o--f/blobs/\(Digest.sha256("a"))")
        try FileManager.default.removeItem(atPath: blob)
        #expect(throws: ModelFileError.self) { try find("o/f") }
        try FileManager.default.createSymbolicLink(atPath: blob, withDestinationPath: secret)
        #expect(throws: ModelFileError.self) { try find("o/f") }
        let snapshot = folder.path("hub/models--o--f/snapshots/\(Self.commit)")
        try FileManager.default.removeItem(atPath: snapshot)
        try FileManager.default.createSymbolicLink(atPath: snapshot, withDestinationPath: outside.url.path)
        #expect(throws: ModelFileError.self) { try find("o/f") }
        // The cache itself may be a link.
        try write("o/g", ["a.gguf": "a"])
        let moved = folder.url.appending(path: "link")
        try FileManager.default.createSymbolicLink(at: moved, withDestinationURL: folder.url.appending(path: "hub"))
        let linked = ModelPlaces(own: nil, installed: [], cache: HuggingFaceCache(moved))
        #expect(try linked.model(try #require(ModelReference(name: "o/g"))) != nil)
    }

    @Test func locationFollowsTheEnvironment() {
        func path(_ environment: [String: String]) -> String? { HuggingFaceCache(environment: environment)?.url.path }
        #expect(path(["HOME": "/h"]) == "/h/.cache/huggingface/hub")
        #expect(path(["HOME": "/h", "XDG_CACHE_HOME": "/c"]) == "/c/huggingface/hub")
        #expect(path(["HOME": "/h", "HF_HOME": "/f", "XDG_CACHE_HOME": "/c"]) == "/f/hub")
        #expect(path(["HF_HOME": "/f", "HF_HUB_CACHE": "/g"]) == "/g")
        #expect(path([:]) == nil)
    }
}
