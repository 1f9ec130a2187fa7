public import Foundation

/// A model's path or name, as a user writes it.
public enum ModelReference: Hashable, Sendable {
    /// A file or folder on this machine
    case path(URL)
    /// A model of the catalogue
    case catalogue(CatalogueModel)
    /// A repository of a model hub. `file` is a GGUF file in it; nil for its safetensors model or its only GGUF file.
    case repository(HubRepository, file: String?)

    /// An existing path, else a model's name; a missing path if the text is neither.
    public init(_ text: String) {
        let url = URL(filePath: text)
        self = FileManager.default.fileExists(atPath: url.path) ? .path(url) : Self(name: text) ?? .path(url)
    }

    /// A model's name: one of the catalogue, or `OWNER/REPO` with or without `:FILE`; nil if the text is neither.
    public init?(name text: String) {
        if let model = ModelCatalogue.model(named: text) {
            self = .catalogue(model)
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let repository = HubRepository(parts[0]) else { return nil }
        let file = parts.count == 2 ? String(parts[1]) : nil
        if let file, !FileName.isInside(file) { return nil }
        self = .repository(repository, file: file)
    }
}

extension ModelReference: CustomStringConvertible {
    /// The reference as a user writes it.
    public var description: String {
        switch self {
        case .path(let url): url.path
        case .catalogue(let model): model.name
        case .repository(let repository, let file): "\(repository)" + (file.map { ":\($0)" } ?? "")
        }
    }
}
