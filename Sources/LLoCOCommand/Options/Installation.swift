import Foundation
import LLoCOCheckpoints

/// Where this installation keeps what it comes with: default models, compressors, recipes.
enum Installation {
    /// The folder that holds `Recipes/`, `Compressors/` and `.deps/`: `$LLOCO_HOME`, else the nearest one above the
    /// executable.
    static let root: URL? = {
        if let home = environment("LLOCO_HOME") { return URL(filePath: home, directoryHint: .isDirectory) }
        var folder = executable.deletingLastPathComponent()
        while folder.path != "/" {
            if exists(folder.appending(path: "Recipes")) { return folder }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    static let executable: URL = {
        #if os(Linux)
            // The arguments hold whatever the caller wrote; the kernel knows the file.
            if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
                return URL(filePath: path)
            }
        #endif
        return (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])).resolvingSymlinksInPath()
    }()

    /// `$LLOCO_MODEL`, else the default model that `Scripts/bootstrap` fetched.
    static var model: URL? {
        environment("LLOCO_MODEL").map { URL(filePath: $0) }
            ?? dependency("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf")
    }

    /// `$LLOCO_EMBEDDER`, else the default retrieval model.
    static var embedder: URL? {
        environment("LLOCO_EMBEDDER").map { URL(filePath: $0) } ?? dependency("models/all-minilm-l6-v2")
    }

    /// The compressors that come along, a folder each.
    static var compressors: [URL] { folders("Compressors", with: "compressor.json") }

    /// The general adapters that come along, a folder each.
    static var adapters: [URL] { folders("Adapters", with: "vectors.json") }

    static var recipes: [URL] {
        contents("Recipes").filter { $0.pathExtension == "json5" }
    }

    static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func dependency(_ path: String) -> URL? {
        root?.appending(path: ".deps").appending(path: path)
    }

    private static func folders(_ name: String, with description: String) -> [URL] {
        contents(name).filter { exists($0.appending(path: description)) }
    }

    private static func contents(_ name: String) -> [URL] {
        guard let folder = root?.appending(path: name) else { return [] }
        let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (found ?? []).sorted { $0.path < $1.path }
    }

    static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
}
