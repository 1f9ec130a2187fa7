public import Foundation
import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOCompression
import LLoCOModelFiles
public import LLoCOTraining

/// What the package comes with, wherever it is installed: default models, compressors, general adapters, recipes.
public enum Installation {
    /// The folder that holds `Recipes/`, `Compressors/` and `Adapters/`: `$LLOCO_HOME`, else the nearest one above the
    /// executable, else the package's own sources, where they are still there: those that a program was built with.
    public static let root: URL? = {
        if let home = environment("LLOCO_HOME") { return URL(filePath: home, directoryHint: .isDirectory) }
        return above(executable) ?? sources
    }()

    /// The nearest folder above a file that holds recipes and compressors.
    private static func above(_ file: URL) -> URL? {
        var folder = file.deletingLastPathComponent()
        while folder.path != "/" {
            if exists(folder.appending(path: "Recipes")), exists(folder.appending(path: "Compressors")) {
                return folder
            }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    private static let sources: URL? = above(URL(filePath: #filePath))

    /// The program that runs.
    package static let executable: URL = {
        #if os(Linux)
            // The arguments hold whatever the caller wrote; the kernel knows the file.
            if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
                return URL(filePath: path)
            }
        #endif
        return (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])).resolvingSymlinksInPath()
    }()

    /// `$LLOCO_EMBEDDER`, else the default retrieval model.
    public static var defaultEmbedder: URL? {
        environment("LLOCO_EMBEDDER").map { URL(filePath: $0) } ?? dependency("models/all-minilm-l6-v2")
    }

    /// A retrieval model's folder: the one that is requested, else the default one.
    ///
    /// - Throws: `EngineError` where it is not there.
    public static func embedder(_ requested: String? = nil) throws(EngineError) -> URL {
        guard let url = requested.map({ URL(filePath: $0) }) ?? defaultEmbedder else {
            throw EngineError(
                .notFound, "no retrieval model: none was requested, and no default one is installed",
                hint: .loadEmbedder)
        }
        guard exists(url) else {
            let fault = requested == nil ? "the default retrieval model is not there" : "no such retrieval model"
            throw EngineError(.notFound, "\(url.path): \(fault)", hint: .loadEmbedder)
        }
        return url
    }

    /// The compressors that come along, a folder each.
    public static var compressors: [URL] { folders("Compressors", with: "compressor.json") }

    /// The general adapters that come along, a folder each.
    public static var adapters: [URL] { folders("Adapters", with: "vectors.json") }

    /// The recipes that come along, a file a model.
    public static var recipes: [URL] {
        contents("Recipes").filter { $0.pathExtension == "json5" }
    }

    /// A variable of the environment; nil where it is empty.
    package static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What `Scripts/bootstrap` fetched: in this package's folder, or in that of the package that was built with it.
    private static func dependency(_ path: String) -> URL? {
        let folders = dependencies.map { $0.appending(path: path) }
        return folders.first(where: exists) ?? folders.first
    }

    static var dependencies: [URL] {
        [root, root.flatMap(dependent(of:))].compactMap { $0?.appending(path: ".deps") }
    }

    /// The package whose build folder holds a checkout of this one.
    private static func dependent(of checkout: URL) -> URL? {
        guard let place = checkout.path.range(of: "/.build/") else { return nil }
        return URL(filePath: String(checkout.path[..<place.lowerBound]), directoryHint: .isDirectory)
    }

    /// The recipe in ``recipes`` that was made for models of this shape, else the published values.
    ///
    /// - Throws: `TrainingError` where a recipe is malformed.
    public static func recipe(for model: LlamaConfiguration) throws -> Recipe {
        for file in recipes {
            let recipe = try Recipe(contentsOf: file)
            if recipe.appliesTo.matches(model) { return recipe }
        }
        return Recipe()
    }

    private static func folders(_ name: String, with description: String) -> [URL] {
        contents(name).filter { exists($0.appending(path: description)) }
    }

    private static func contents(_ name: String) -> [URL] {
        guard let folder = root?.appending(path: name) else { return [] }
        let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (found ?? []).sorted { $0.path < $1.path }
    }

    package static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
}
