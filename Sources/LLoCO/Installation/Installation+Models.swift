public import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
public import LLoCOLibrary
public import LLoCOModelFiles
import LLoCOModels

extension Installation {
    /// Where models are looked for: the user's own, those that `Scripts/bootstrap` fetched, Hugging Face's cache.
    public static var models: ModelPlaces {
        let environment = ProcessInfo.processInfo.environment
        return ModelPlaces(
            own: ModelFolder(environment: environment),
            installed: dependencies.map { $0.appending(path: "models", directoryHint: .isDirectory) },
            cache: HuggingFaceCache(environment: environment))
    }

    /// A language model's file or folder.
    ///
    /// - Parameters:
    ///   - requested: a GGUF file, a Hugging Face folder, a name of the catalogue, or `OWNER/REPO` with or without `:FILE`;
    ///     nil for the library's, else for `$LLOCO_MODEL`, which may be any of these, else for the default one
    ///   - library: what documents are asked about: without `requested` it is read with the model that it was made with
    /// - Throws: `EngineError` or `ModelFileError` where it is not here; `LibraryError`.
    public static func model(_ requested: String? = nil, for library: SQLiteLibrary? = nil) throws -> URL {
        if let requested { return try model(named: requested) }
        if let library, let record = try library.rememberedModel() {
            return try model(of: record, madeWith: library.path)
        }
        if let given = environment("LLOCO_MODEL") { return try model(named: given) }
        let model = ModelCatalogue.defaultModel
        guard let found = try models.model(.catalogue(model)) else {
            throw EngineError(
                .notFound, "\(model.name): the default language model is not there", hint: .pullModel(model.name))
        }
        return found.path
    }

    private static func model(named text: String) throws -> URL {
        let reference = ModelReference(text)
        if case .path(let url) = reference {
            guard exists(url) else {
                throw EngineError(.notFound, "\(url.path): no such language model", hint: .loadModel)
            }
            return url
        }
        guard let found = try models.model(reference) else {
            throw EngineError(
                .notFound, "\(reference): no such file or folder, and no such language model is here",
                hint: .pullModel("\(reference)"))
        }
        return found.path
    }

    // MARK: - The model of a library

    /// The model that a library was made with, wherever it is now.
    private static func model(of record: ModelRecord, madeWith library: String) throws -> URL {
        func isMeant(_ path: URL) -> Bool { (try? identity(of: path)) == record.identity }
        // Mostly it lies where it was.
        if let path = record.path.map({ URL(filePath: $0) }), exists(path), isMeant(path) { return path }
        let places = models
        let named = record.name.flatMap { ModelReference(name: $0) }.flatMap { try? places.model($0) }
        if let named, isMeant(named.path) { return named.path }
        if let given = environment("LLOCO_MODEL"), let path = try? model(named: given), isMeant(path) { return path }
        if let found = places.models().first(where: { identity(of: $0) == record.identity }) { return found.path }
        let name = record.name.map { "\($0), " } ?? ""
        throw EngineError(
            .notFound,
            "\(library): made with the model \(name)SHA-256 \(record.identity.prefix(12))…, which is not here"
                + (record.path.map { $0.isEmpty ? "" : " (it was \($0))" } ?? ""),
            hint: record.name.map { .pullModel($0) } ?? .loadModel)
    }

    /// The SHA-256 over the files of the model at a path.
    private static func identity(of path: URL) throws -> String {
        var isFolder: ObjCBool = false
        let isWhole =
            FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder) && !isFolder.boolValue
            && FileName.parts(ofSplit: path.lastPathComponent).count == 1
        // A file of its own need not be opened for it, which takes a moment where its vocabulary is large.
        return try FileIdentity.digest(
            of: isWhole ? [path] : LanguageModel.identityFiles(of: CheckpointLoader.open(path), at: path))
    }

    /// The same of a model whose large files are of known digests; nil where it has others, which are not read for it, or
    /// is no model.
    package static func identity(of model: StoredModel) -> String? {
        guard let checkpoint = try? CheckpointLoader.open(model.path) else { return nil }
        let digests = Dictionary(model.files.map { ($0.url.standardizedFileURL.path, $0.digest) }) { first, _ in first }
        return try? FileIdentity.digest(of: LanguageModel.identityFiles(of: checkpoint, at: model.path)) { file in
            switch digests[file.standardizedFileURL.path] {
            case .sha256(let digits)??: digits
            default: nil
            }
        }
    }

    /// What a loaded model is called: its name in the catalogue, else that of its file or folder.
    static func name(of path: URL, identity: String) -> String {
        record(of: path, identity: identity).name ?? path.deletingPathExtension().lastPathComponent
    }

    /// What a library remembers of a loaded model.
    static func record(of path: URL, identity: String) -> ModelRecord {
        let path = path.standardizedFileURL
        return ModelRecord(
            identity: identity,
            name: ModelCatalogue.model(sha256: identity)?.name ?? models.name(of: path), path: path.path)
    }
}
