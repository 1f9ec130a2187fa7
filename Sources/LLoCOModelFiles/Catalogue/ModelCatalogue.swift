import Foundation

/// The catalogue of models with a name. `Scripts/bootstrap` reads the same list, `catalogue.json` beside this file.
public enum ModelCatalogue {
    private struct Content: Decodable {
        let `default`: String
        let models: [CatalogueModel]
    }

    private static let content: Content = {
        // Cannot fail: the file is compiled in, and a test decodes it.
        do { return try JSONDecoder().decode(Content.self, from: Data(PackageResources.catalogue_json)) } catch {
            preconditionFailure("catalogue.json: \(error)")
        }
    }()

    /// All models, the default one first.
    public static var models: [CatalogueModel] { content.models }

    /// The default model.
    public static let defaultModel: CatalogueModel = {
        guard let model = model(named: content.default) else {
            preconditionFailure("catalogue.json: the default model is not in it")
        }
        return model
    }()

    /// The model with a name, ignoring case; nil if there is none.
    public static func model(named name: String) -> CatalogueModel? {
        let name = name.lowercased()
        return content.models.first { $0.name == name }
    }

    /// The model whose file has this digest; nil if there is none.
    public static func model(sha256: String) -> CatalogueModel? { content.models.first { $0.sha256 == sha256 } }
}
