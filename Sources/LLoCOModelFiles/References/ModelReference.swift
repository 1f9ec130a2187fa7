public import Foundation

/// What a user calls a model by.
public enum ModelReference: Hashable, Sendable {
    /// A file or folder of this machine
    case path(URL)
    /// A name of the catalogue
    case catalogue(CatalogueModel)
    /// A repository of a model hub; nil for the model that it is, or the only GGUF file in it
    case repository(HubRepository, file: String?)

    /// What is there under this path, else what a name stands for; a path where it is neither.
    public init(_ text: String) {
        let url = URL(filePath: text)
        self = FileManager.default.fileExists(atPath: url.path) ? .path(url) : Self(name: text) ?? .path(url)
    }

    /// A name of the catalogue, or `OWNER/REPO` with or without `:FILE`; nil where it is neither.
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
    /// As a user writes it.
    public var description: String {
        switch self {
        case .path(let url): url.path
        case .catalogue(let model): model.name
        case .repository(let repository, let file): "\(repository)" + (file.map { ":\($0)" } ?? "")
        }
    }
}
