package import Foundation
import LLoCOModelFiles

/// Where the tests find their files.
package enum TestFiles {
    /// Tiny models of every format with the values of public implementations; another seed's where the environment names them.
    package static let fixtures = environment("LLOCO_FIXTURES") ?? packageRoot.appending(path: "Fixtures")
    package static var autocompressor: URL { fixtures.appending(path: "autocompressor") }
    package static var adapter: URL { autocompressor.appending(path: "adapter") }
    package static var embedder: URL { fixtures.appending(path: "bert") }

    /// Small tokenizers, a folder a kind: `smollm` (byte-level), `llama2` (SentencePiece), `uncased` (WordPiece), others.
    package static let tokenizers = packageRoot.appending(path: "Tests/LLoCOTokenizersTests/Fixtures")

    /// Reference models and values from elsewhere, where they are at hand.
    package static let golden =
        environment("LLOCO_GOLDEN") ?? packageRoot.deletingLastPathComponent().appending(path: "shared/golden")
    package static let hasGolden = exists(golden.appending(path: "tiny/expected.json"))

    /// What `Scripts/bootstrap` fetches.
    package static let dependencies = environment("LLOCO_DEPS") ?? packageRoot.appending(path: ".deps")

    /// The smallest language model's file, which tests use; nil where it has not been fetched.
    package static let languageModel: URL? = {
        let folder = dependencies.appending(path: "models/smollm2-135m-instruct")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().first { $0.hasSuffix(".gguf") }.map { folder.appending(path: $0) }
    }()

    /// A model of the catalogue, where it has been pulled or `Scripts/bootstrap` has fetched it; no test fetches one.
    package static func model(_ name: String) -> URL? {
        let places = ModelPlaces(
            own: ModelFolder(environment: ProcessInfo.processInfo.environment),
            installed: [dependencies.appending(path: "models")], cache: nil)
        return ModelCatalogue.model(named: name).flatMap { try? places.model(.catalogue($0)) }?.path
    }

    /// The default encoder's folder; nil where it has not been fetched.
    package static let encoder: URL? = {
        let folder = dependencies.appending(path: "models/all-minilm-l6-v2")
        return exists(folder) ? folder : nil
    }()

    package static let hasDefaultModels = languageModel != nil && encoder != nil
    package static let hasDefaultGolden = hasDefaultModels && DefaultModelValues.exist(in: golden)

    package static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    package static func environment(_ name: String) -> URL? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
    }
}
