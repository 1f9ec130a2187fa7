public import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
public import LLoCOLibrary
public import LLoCOModelFiles
import LLoCOModels

extension Installation {
    /// The places to look for models: the user's own folder, the installed models, Hugging Face's cache.
    public static var models: ModelPlaces {
        let environment = ProcessInfo.processInfo.environment
        return ModelPlaces(
            own: ModelFolder(environment: environment),
            installed: dependencies.map { $0.appending(path: "models", directoryHint: .isDirectory) },
            cache: HuggingFaceCache(environment: environment))
    }

    /// The file or folder of a language model.
    ///
    /// - Parameters:
    ///   - requested: a GGUF file, a Hugging Face folder, a name of the catalogue, or `OWNER/REPO` with or without
    ///     `:FILE`; nil for the library's model, else `preferred`, else the default model
    ///   - library: the library whose model is found if `requested` is nil
    ///   - preferred: the user's alternative to the default model, in the form of `requested`; `$LLOCO_MODEL` by
    ///     default
    /// - Throws: `EngineError` or `ModelFileError` if the model is not installed; `LibraryError`.
    public static func model(
        _ requested: String? = nil, for library: SQLiteLibrary? = nil, preferred: String? = nil
    ) throws -> URL {
        if let requested { return try model(named: requested) }
        let preferred = preferred ?? environment("LLOCO_MODEL")
        if let library, let record = try library.rememberedModel() {
            return try model(of: record, madeWith: library.path, preferred: preferred)
        }
        if let preferred { return try model(named: preferred) }
        let model = ModelCatalogue.defaultModel
        guard let found = try models.model(.catalogue(model)) else {
            throw EngineError(
                .notFound, "\(model.name): the default language model is not installed", hint: .pullModel(model.name))
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
                .notFound, "\(reference): no such file or folder, and no installed language model of this name",
                hint: .pullModel("\(reference)"))
        }
        return found.path
    }

    // MARK: - The model of a library

    /// The current file or folder of the model that a library was made with.
    private static func model(
        of record: ModelRecord, madeWith library: String, preferred: String?
    ) throws -> URL {
        func matches(_ path: URL) -> Bool { (try? identity(of: path)) == record.identity }
        // Usually it has not moved.
        if let path = record.path.map({ URL(filePath: $0) }), exists(path), matches(path) { return path }
        let places = models
        let named = record.name.flatMap { ModelReference(name: $0) }.flatMap { try? places.model($0) }
        if let named, matches(named.path) { return named.path }
        if let preferred, let path = try? model(named: preferred), matches(path) { return path }
        if let found = places.models().first(where: { identity(of: $0) == record.identity }) { return found.path }
        let name = record.name.map { "\($0), " } ?? ""
        throw EngineError(
            .notFound,
            "\(library): made with the model \(name)SHA-256 \(record.identity.prefix(12))…, which is not installed"
                + (record.path.map { $0.isEmpty ? "" : " (last at \($0))" } ?? ""),
            hint: record.name.map { .pullModel($0) } ?? .loadModel)
    }

    /// The SHA-256 over the files of the model at a path.
    private static func identity(of path: URL) throws -> String {
        var isFolder: ObjCBool = false
        let isWhole =
            FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder) && !isFolder.boolValue
            && FileName.parts(ofSplit: path.lastPathComponent).count == 1
        // A single file need not be parsed for its identity. Parsing is slow if the vocabulary is large.
        return try FileIdentity.digest(
            of: isWhole ? [path] : LanguageModel.identityFiles(of: CheckpointLoader.open(path), at: path))
    }

    /// The SHA-256 over the files of a stored model, from the known digests of its large files; nil if a digest is
    /// unknown, or if the files are not a model.
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

    /// The name of a loaded model: that in the catalogue, else that of its file or folder.
    static func name(of path: URL, identity: String) -> String {
        record(of: path, identity: identity).name ?? path.deletingPathExtension().lastPathComponent
    }

    /// The record of a loaded model for a library.
    static func record(of path: URL, identity: String) -> ModelRecord {
        let path = path.standardizedFileURL
        return ModelRecord(
            identity: identity,
            name: ModelCatalogue.model(sha256: identity)?.name ?? models.name(of: path), path: path.path)
    }
}
