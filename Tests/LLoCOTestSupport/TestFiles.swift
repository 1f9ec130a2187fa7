package import Foundation
import LLoCOModelFiles

/// The locations of files for tests.
package enum TestFiles {
    /// Tiny models in every format, with reference values from public implementations. `LLOCO_FIXTURES` selects another
    /// folder, such as one of another seed.
    package static let fixtures = environment("LLOCO_FIXTURES") ?? packageRoot.appending(path: "Fixtures")
    package static var autocompressor: URL { fixtures.appending(path: "autocompressor") }
    package static var adapter: URL { autocompressor.appending(path: "adapter") }
    package static var embedder: URL { fixtures.appending(path: "bert") }

    /// Small tokenizers, one folder per kind: `smollm` (byte-level), `llama2` (SentencePiece), `uncased` (WordPiece)
    /// and others.
    package static let tokenizers = packageRoot.appending(path: "Tests/LLoCOTokenizersTests/Fixtures")

    /// Optional reference models and values from outside the package.
    package static let golden =
        environment("LLOCO_GOLDEN") ?? packageRoot.deletingLastPathComponent().appending(path: "shared/golden")
    package static let hasGolden = exists(golden.appending(path: "tiny/expected.json"))

    /// The folder of downloads by `Scripts/bootstrap`.
    package static let dependencies = environment("LLOCO_DEPS") ?? packageRoot.appending(path: ".deps")

    /// The file of the smallest language model, which tests use; nil if it has not been downloaded.
    package static let languageModel: URL? = {
        let folder = dependencies.appending(path: "models/smollm2-135m-instruct")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().first { $0.hasSuffix(".gguf") }.map { folder.appending(path: $0) }
    }()

    /// A catalogue model's path; nil unless it was pulled or downloaded by `Scripts/bootstrap`. Tests download no
    /// models.
    package static func model(_ name: String) -> URL? {
        let places = ModelPlaces(
            own: ModelFolder(environment: ProcessInfo.processInfo.environment),
            installed: [dependencies.appending(path: "models")], cache: nil)
        return ModelCatalogue.model(named: name).flatMap { try? places.model(.catalogue($0)) }?.path
    }

    /// The default encoder's folder; nil if it has not been downloaded.
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
