import Foundation
import TestSupport

/// Where the tests find what they need.
enum Place {
    /// The command under test: `$LLOCO_COMMAND`, else the product that was built beside the tests.
    static let command: URL? = {
        if let given = environment("LLOCO_COMMAND") { return given }
        var folders: [URL] = []
        #if os(Linux)
            if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
                folders.append(URL(fileURLWithPath: path).deletingLastPathComponent())
            }
        #endif
        // The test runner is told which bundle to load, or lies in it.
        for argument in CommandLine.arguments where argument.contains("/") {
            folders.append(URL(fileURLWithPath: argument))
        }
        folders += Bundle.allBundles.map(\.bundleURL)
        for start in folders {
            var folder = start
            for _ in 0..<5 where folder.path != "/" {
                let file = folder.appending(path: "lloco")
                if FileManager.default.isExecutableFile(atPath: file.path), !isFolder(file) { return file }
                folder.deleteLastPathComponent()
            }
        }
        return nil
    }()

    /// Tiny models with the values of public implementations.
    static let fixtures = environment("LLOCO_FIXTURES") ?? packageRoot.appending(path: "Fixtures")
    static var model: URL { fixtures.appending(path: "autocompressor") }
    static var embedder: URL { fixtures.appending(path: "bert") }

    static let golden =
        environment("LLOCO_GOLDEN") ?? packageRoot.deletingLastPathComponent().appending(path: "shared/golden")
    static let hasTinyGolden = exists(golden.appending(path: "tiny/expected.json"))

    /// The default models, where they have been fetched.
    static let dependencies = environment("LLOCO_DEPS") ?? packageRoot.appending(path: ".deps")
    static let languageModel: URL? = {
        let folder = dependencies.appending(path: "models/smollm2-135m-instruct")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().first { $0.hasSuffix(".gguf") }.map { folder.appending(path: $0) }
    }()
    static let encoder: URL? = {
        let folder = dependencies.appending(path: "models/all-minilm-l6-v2")
        return exists(folder) ? folder : nil
    }()
    static let hasDefaultModels = languageModel != nil && encoder != nil
    static let hasDefaultGolden = hasDefaultModels && DefaultModelValues.exist(in: golden)

    static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    private static func isFolder(_ url: URL) -> Bool {
        (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
    }

    private static func environment(_ name: String) -> URL? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
    }
}
