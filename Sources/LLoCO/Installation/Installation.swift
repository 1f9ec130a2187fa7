public import Foundation
import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOCompression
import LLoCOModelFiles
public import LLoCOTraining

/// The installed files of the package: default models, compressors, general adapters and recipes.
public enum Installation {
    /// The folder that contains `Recipes/`, `Compressors/` and `Adapters/`: `$LLOCO_HOME`, else the nearest one above
    /// the executable (a checkout, or the `share/lloco` beside an installed program's `bin`), else the package sources
    /// that the program was built from, if they still exist.
    public static let root: URL? = {
        if let home = environment("LLOCO_HOME") { return URL(filePath: home, directoryHint: .isDirectory) }
        return above(executable) ?? sources
    }()

    /// Whether ``root`` is a checkout of the package, where `Scripts/bootstrap` fetches models.
    public static var isCheckout: Bool { root.map { exists($0.appending(path: "Package.swift")) } ?? false }

    /// The nearest folder above a file that contains recipes and compressors, or whose `share/lloco` does.
    package static func above(_ file: URL) -> URL? {
        var folder = file.deletingLastPathComponent()
        while folder.path != "/" {
            for place in [folder, folder.appending(path: "share/lloco", directoryHint: .isDirectory)]
            where exists(place.appending(path: "Recipes")) && exists(place.appending(path: "Compressors")) {
                return place
            }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    private static let sources: URL? = above(URL(filePath: #filePath))

    /// The running executable.
    package static let executable: URL = {
        #if os(Linux)
            // The arguments are set by the caller. The kernel knows the file.
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

    /// The folder of a retrieval model: the requested one, else the default one.
    ///
    /// - Throws: `EngineError` if the folder does not exist.
    public static func embedder(_ requested: String? = nil) throws(EngineError) -> URL {
        guard let url = requested.map({ URL(filePath: $0) }) ?? defaultEmbedder else {
            throw EngineError(
                .notFound, "no retrieval model: none was requested, and no default one is installed",
                hint: .loadEmbedder)
        }
        guard exists(url) else {
            let fault = requested == nil ? "the default retrieval model is not installed" : "no such retrieval model"
            throw EngineError(.notFound, "\(url.path): \(fault)", hint: .loadEmbedder)
        }
        return url
    }

    /// The folders of the installed compressors.
    public static var compressors: [URL] { folders("Compressors", with: "compressor.json") }

    /// The folders of the installed general adapters.
    public static var adapters: [URL] { folders("Adapters", with: "vectors.json") }

    /// The files of the installed recipes, one per model.
    public static var recipes: [URL] {
        contents("Recipes").filter { $0.pathExtension == "json5" }
    }

    /// An environment variable; nil if it is unset or empty.
    package static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func dependency(_ path: String) -> URL? {
        let folders = dependencies.map { $0.appending(path: path) }
        return folders.first(where: exists) ?? folders.first
    }

    /// The folders whose `models/` contains default models: the `.deps` of this package and of the package that depends
    /// on it, which `Scripts/bootstrap` fills, and the root, which `make install` fills.
    static var dependencies: [URL] { root.map(dependencies(of:)) ?? [] }

    package static func dependencies(of root: URL) -> [URL] {
        [root, dependent(of: root)].compactMap { $0?.appending(path: ".deps") } + [root]
    }

    /// The package whose build folder contains a checkout of this package.
    private static func dependent(of checkout: URL) -> URL? {
        guard let build = checkout.path.range(of: "/.build/") else { return nil }
        return URL(filePath: String(checkout.path[..<build.lowerBound]), directoryHint: .isDirectory)
    }

    /// The recipe in ``recipes`` for models of this shape, else the published values.
    ///
    /// - Throws: `TrainingError` if a recipe is malformed.
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

    /// Whether a file or folder exists at a URL.
    package static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
}
