import Foundation

/// The models that are known by name. `catalogue.json`, beside this file, lists them for `Scripts/bootstrap` too.
public enum ModelCatalogue {
    private struct Content: Decodable {
        let `default`: String
        let models: [CatalogueModel]
    }

    private static let content: Content = {
        // The file is compiled in, and tested: this cannot fail.
        do { return try JSONDecoder().decode(Content.self, from: Data(PackageResources.catalogue_json)) } catch {
            preconditionFailure("catalogue.json: \(error)")
        }
    }()

    /// All of them, the default one first.
    public static var models: [CatalogueModel] { content.models }

    /// The one that is used where none is named.
    public static let defaultModel: CatalogueModel = {
        guard let model = model(named: content.default) else {
            preconditionFailure("catalogue.json: the default model is not in it")
        }
        return model
    }()

    /// The model of a name, in upper or lower case; nil where there is none.
    public static func model(named name: String) -> CatalogueModel? {
        let name = name.lowercased()
        return content.models.first { $0.name == name }
    }

    /// The model whose file has this digest; nil where there is none.
    public static func model(sha256: String) -> CatalogueModel? { content.models.first { $0.sha256 == sha256 } }
}
