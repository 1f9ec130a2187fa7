public import Foundation
import LLoCOBase

/// The folder that pulled models lie in, a folder each: `qwen2.5-coder-0.5b-instruct`, `OWNER/REPO`.
public struct ModelFolder: Sendable {
    /// What a name ends with whose file has not come whole.
    public static let partSuffix = ".part"

    public let url: URL

    public init(_ url: URL) {
        self.url = url
    }

    /// `$LLOCO_MODELS`, else `lloco/models` in the user's data folder: `$XDG_DATA_HOME`, else
    /// `~/Library/Application Support` on macOS and `~/.local/share` elsewhere. nil without a home.
    public init?(environment: [String: String]) {
        func folder(_ name: String) -> URL? {
            environment[name].flatMap { $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory) }
        }
        if let given = folder("LLOCO_MODELS") {
            url = given
            return
        }
        #if os(macOS)
            let data = "Library/Application Support"
        #else
            let data = ".local/share"
        #endif
        // A relative path would be another one in every folder: the specification has it ignored.
        let given = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? folder("XDG_DATA_HOME") : nil }
        guard let base = given ?? folder("HOME")?.appending(path: data) else { return nil }
        url = base.appending(path: "lloco/models", directoryHint: .isDirectory)
    }

    /// The folder of a model of the catalogue.
    public func folder(of model: CatalogueModel) -> URL {
        url.appending(path: model.folder, directoryHint: .isDirectory)
    }

    /// The folder of a repository's files.
    public func folder(of repository: HubRepository) -> URL {
        url.appending(path: repository.owner).appending(path: repository.name, directoryHint: .isDirectory)
    }

    /// The models that have been pulled. What is malformed, or has not all of its files, is handed to `onFault` and left
    /// out.
    public func models(onFault: (ModelFileError) -> Void = { _ in }) -> [StoredModel] {
        var found: [StoredModel] = []
        func sound<Value>(_ body: () throws -> Value) -> Value? {
            do { return try body() } catch {
                if let fault = error as? ModelFileError { onFault(fault) }
                return nil
            }
        }
        for folder in Self.folders(in: url) {
            for inner in [folder] + Self.folders(in: folder) {
                for model in sound({ try Self.models(in: inner) }) ?? [] where sound(model.checkFiles) != nil {
                    found.append(model)
                }
            }
        }
        return found
    }

    /// The models of one folder, by its manifest alone; none where nothing was pulled into it.
    ///
    /// - Throws: ``ModelFileError`` where its manifest is malformed.
    public static func models(in folder: URL) throws -> [StoredModel] {
        guard let manifest = try ModelManifest(in: folder) else { return [] }
        let files = manifest.files.map { file in
            StoredModel.File(
                url: folder.appending(path: file.name), bytes: file.bytes, digest: .sha256(file.sha256))
        }
        return StoredModel.models(
            of: zip(manifest.files.map(\.name), files).map { ($0, $1) }, called: manifest.name, in: folder,
            place: .models, licence: manifest.licence)
    }

    private static func folders(in url: URL) -> [URL] {
        let found = try? FileManager.default.contentsOfDirectory(
            at: url, includingPropertiesForKeys: [.isDirectoryKey], options: .skipsHiddenFiles)
        return (found ?? []).filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true }
            .sorted { $0.path < $1.path }
    }
}

extension StoredModel {
    /// The models that a folder's files are: the folder itself where it has a configuration and weights, and every GGUF
    /// file, the parts of a split one together.
    ///
    /// - Parameter files: by their paths below the folder
    static func models(
        of files: [(name: String, file: File)], called name: String, in folder: URL, place: Place, licence: String?
    ) -> [StoredModel] {
        let ggufs = files.filter { $0.name.hasSuffix(".gguf") }
        let firsts = ggufs.filter { !FileName.isLaterPart($0.name) }
        var models = firsts.map { first in
            let parts = Set(FileName.parts(ofSplit: first.name))
            return StoredModel(
                name: firsts.count == 1 ? name : "\(name):\(first.name)", path: first.file.url, place: place,
                licence: licence, files: ggufs.filter { parts.contains($0.name) }.map(\.file))
        }
        let others = files.filter { !$0.name.hasSuffix(".gguf") }
        let isModel =
            others.contains { $0.name == "config.json" }
            && others.contains {
                $0.name.hasSuffix(".safetensors") || $0.name.hasSuffix(".bin")
            }
        if isModel {
            models.append(
                StoredModel(name: name, path: folder, place: place, licence: licence, files: others.map(\.file)))
        }
        return models
    }
}
