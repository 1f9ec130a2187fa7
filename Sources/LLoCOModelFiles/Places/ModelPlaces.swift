public import Foundation
import LLoCOBase

/// The places to look for models, in this order: the user's folder, the program's models, Hugging Face's cache.
public struct ModelPlaces: Sendable {
    /// The user's folder, for models that are pulled and can be removed; nil without a home folder.
    public var own: ModelFolder?
    /// Folders with catalogue models that were installed with the program.
    public var installed: [URL]
    /// Hugging Face's cache; nil without a home folder.
    public var cache: HuggingFaceCache?

    /// The given places.
    public init(own: ModelFolder?, installed: [URL], cache: HuggingFaceCache?) {
        self.own = own
        self.installed = installed
        self.cache = cache
    }

    /// The stored model for a reference; nil if it is not stored.
    ///
    /// - Throws: ``ModelFileError`` if a stored repository has several models and the reference does not choose one, or
    ///   if the stored model is malformed, incomplete or has a link that leads out of its place.
    public func model(_ reference: ModelReference) throws -> StoredModel? {
        switch reference {
        case .path: nil
        case .catalogue(let model): try self.model(model)
        case .repository(let repository, let file): try model(of: repository, file: file)
        }
    }

    private func model(_ model: CatalogueModel) throws -> StoredModel? {
        for (folder, place) in folders(of: model) {
            let file = folder.appending(path: model.file)
            guard Self.size(of: file) != nil else { continue }
            let found = StoredModel(
                name: model.name, path: file, place: place, licence: model.licence,
                files: [.init(url: file, bytes: model.bytes, digest: .sha256(model.sha256))])
            try found.checkFiles()
            return found
        }
        guard let repository = model.repository, let cache else { return nil }
        guard
            let found = try cache.models(of: repository).first(where: {
                $0.path.lastPathComponent == model.file && $0.bytes == model.bytes
            })
        else { return nil }
        return StoredModel(
            name: model.name, path: found.path, place: .cache, licence: model.licence,
            files: [.init(url: found.path, bytes: model.bytes, digest: .sha256(model.sha256))])
    }

    private func folders(of model: CatalogueModel) -> [(URL, StoredModel.Place)] {
        (own.map { [($0.folder(of: model), .models)] } ?? [])
            + installed.map { ($0.appending(path: model.folder), .installation) }
    }

    private func model(of repository: HubRepository, file: String?) throws -> StoredModel? {
        let places: [() throws -> [StoredModel]] = [
            { try own.map { try ModelFolder.models(in: $0.folder(of: repository)) } ?? [] },
            { try cache?.models(of: repository) ?? [] },
        ]
        for models in places {
            var found = try models()
            if let file {
                // Any part of a split file selects the whole file.
                let first = FileName.parts(ofSplit: file)[0]
                found = found.filter { $0.path.path.hasSuffix("/\(first)") }
            } else if let whole = found.first(where: { $0.name == repository.description }) {
                found = [whole]
            }
            if found.count > 1 {
                throw ModelFileError(
                    .invalid,
                    "\(repository): several models; choose one of \(found.map(\.name).joined(separator: ", "))")
            }
            if let model = found.first {
                try model.checkFiles()
                return model
            }
        }
        return nil
    }

    /// All stored models, those in the user's folder first. Malformed models are omitted and passed to `onFault`.
    public func models(onFault: (ModelFileError) -> Void = { _ in }) -> [StoredModel] {
        var found: [StoredModel] = []
        // A catalogue model appears again in the folder to which it was pulled: report its fault once.
        var reported: Set<ModelFileError> = []
        func report(_ fault: ModelFileError) { if reported.insert(fault).inserted { onFault(fault) } }
        for model in ModelCatalogue.models {
            do { if let model = try self.model(model) { found.append(model) } } catch {
                if let fault = error as? ModelFileError { report(fault) }
            }
        }
        let others = (own?.models(onFault: report) ?? []) + (cache?.models(onFault: report) ?? [])
        let known = Set(found.map { $0.path.standardizedFileURL.path })
        found += others.filter { !known.contains($0.path.standardizedFileURL.path) }
        return found.enumerated().sorted { a, b in
            (Self.order(a.element.place), a.offset) < (Self.order(b.element.place), b.offset)
        }.map(\.element)
    }

    /// The name of the model at a path in one of these places; nil if it is in none.
    public func name(of path: URL) -> String? {
        let path = path.standardizedFileURL.path
        let folders = [own?.url, cache?.url].compactMap { $0?.standardizedFileURL.path }
        // Search the folders only for a path inside them.
        guard folders.contains(where: { path.hasPrefix($0 + "/") }) else { return nil }
        return models().first { $0.path.standardizedFileURL.path == path }?.name
    }

    private static func order(_ place: StoredModel.Place) -> Int {
        switch place {
        case .models: 0
        case .installation: 1
        case .cache: 2
        }
    }

    static func size(of file: URL) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
        return attributes?[.size] as? Int
    }
}
