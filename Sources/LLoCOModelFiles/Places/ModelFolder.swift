public import Foundation
import LLoCOBase

/// A folder of pulled models, with one folder per model: `qwen2.5-coder-0.5b-instruct`, `OWNER/REPO`.
public struct ModelFolder: Sendable {
    /// The name suffix of an incomplete download.
    public static let partSuffix = ".part"

    /// The folder's location.
    public let url: URL

    /// The models in a folder, which need not exist.
    public init(_ url: URL) {
        self.url = url
    }

    /// The user's folder of models: `$LLOCO_MODELS`, else `lloco/models` in the user's data folder; nil without a home
    /// folder.
    ///
    /// The data folder is `$XDG_DATA_HOME`, else `~/Library/Application Support` on macOS and `~/.local/share`
    /// elsewhere.
    public init?(environment: [String: String]) {
        func folder(_ name: String) -> URL? {
            environment[name].flatMap { $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory) }
        }
        if let models = folder("LLOCO_MODELS") {
            url = models
            return
        }
        #if os(macOS)
            let data = "Library/Application Support"
        #else
            let data = ".local/share"
        #endif
        // The specification ignores a relative path, which would depend on the current folder.
        let dataHome = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? folder("XDG_DATA_HOME") : nil }
        guard let base = dataHome ?? folder("HOME")?.appending(path: data) else { return nil }
        url = base.appending(path: "lloco/models", directoryHint: .isDirectory)
    }

    /// The folder of a catalogue model.
    public func folder(of model: CatalogueModel) -> URL {
        url.appending(path: model.folder, directoryHint: .isDirectory)
    }

    /// The folder of a repository's files.
    public func folder(of repository: HubRepository) -> URL {
        url.appending(path: repository.owner).appending(path: repository.name, directoryHint: .isDirectory)
    }

    /// The pulled models. Malformed and incomplete models are omitted and passed to `onFault`.
    public func models(onFault: (ModelFileError) -> Void = { _ in }) -> [StoredModel] {
        var found: [StoredModel] = []
        func checked<Value>(_ body: () throws -> Value) -> Value? {
            do { return try body() } catch {
                if let fault = error as? ModelFileError { onFault(fault) }
                return nil
            }
        }
        for folder in Self.folders(in: url) {
            for inner in [folder] + Self.folders(in: folder) {
                for model in checked({ try Self.models(in: inner) }) ?? [] where checked(model.checkFiles) != nil {
                    found.append(model)
                }
            }
        }
        return found
    }

    /// The models in one model's folder, according to its manifest; empty without a manifest. The files are not
    /// checked.
    ///
    /// - Throws: ``ModelFileError`` if the manifest is malformed.
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
    /// The models in a folder: every GGUF file, where a split one counts once, and the folder itself if it has a
    /// configuration and weights.
    ///
    /// - Parameter files: the files with their paths below the folder
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
