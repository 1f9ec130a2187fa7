public import ArgumentParser
import Foundation
import LLoCO
public import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary

/// The documents that an answer is computed from, and how: `ask` and `chat`.
struct AnswerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Read documents of this group only.", valueName: "name"))
    var group: String?

    @Option(help: ArgumentHelp("Read this document, not the best match. Repeatable.", valueName: "name"))
    var document: [String] = []

    @Option(help: "What the model reads; see 'lloco help modes'.")
    var mode = AnswerMode.default

    @Option(
        help: ArgumentHelp(
            "Maximum number of documents to read, of those that retrieval finds.", valueName: "n", visibility: .hidden))
    var documents = 1

    @Option(
        help: ArgumentHelp(
            "Maximum number of passages to cite, and to read in mode retrieval.", valueName: "n", visibility: .hidden))
    var passages = 4

    @OptionGroup var budget: BudgetOptions

    @Option(
        help: ArgumentHelp(
            "Use this adapter in every mode: a folder in PEFT's layout, or none.",
            discussion: "Default: the group's, else the general one, in the modes that read vectors.",
            valueName: "dir", visibility: .hidden)
    )
    var adapter: String?

    @Flag(help: ArgumentHelp("Use no adapter.", visibility: .hidden))
    var noAdapter = false

    @OptionGroup var generation: GenerationFlags
    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions

    func validate() throws {
        guard documents >= 1, documents <= 10_000 else {
            throw ValidationError("--documents \(documents): expected 1 to 10000")
        }
        guard passages >= 1, passages <= 10_000 else {
            throw ValidationError("--passages \(passages): expected 1 to 10000")
        }
        if noAdapter, adapter != nil {
            throw ValidationError("--adapter and --no-adapter: found both, expected one of them")
        }
    }

    /// Opens the library and loads the engine.
    func load() async throws -> (library: DocumentLibrary, options: Answerer.Options) {
        let store = try library.open(for: .reading)
        var options = try self.options()
        let given = adapter == "none" ? nil : adapter
        let loaded = try await engine.engine(
            for: store, withEmbedder: mode != .none,
            withAdapter: given == nil && options.usesAdapter && mode.readsVectors)
        if let given {
            options.adapter = try await loaded.thread.run { try Self.adapter(given, for: loaded.model) }
        }
        return (loaded.library(store), options)
    }

    /// The adapter that `--adapter` names.
    static func adapter(_ folder: String, for model: LoadedModel) throws -> GeneralAdapter {
        let checkpoint = try AdapterCheckpoint.read(URL(filePath: folder), as: .float32)
        if let objection = checkpoint.objection(toModel: model.modelIdentity) {
            throw CommandError("--adapter \(folder): \(objection)")
        }
        return try GeneralAdapter(checkpoint, model.languageModel.decoder)
    }

    private func options() throws -> Answerer.Options {
        var options = Answerer.Options()
        options.mode = mode
        options.group = group
        options.documents = document.isEmpty ? nil : document
        options.maximumDocuments = documents
        options.maximumPassages = passages
        options.budget = budget.budget
        options.textShare = budget.textShare
        options.usesAdapter = !noAdapter && adapter != "none"
        options.generation = try generation.options(seed: engine.model.compute.seed)
        return options
    }
}

extension AnswerMode: ExpressibleByArgument {}
