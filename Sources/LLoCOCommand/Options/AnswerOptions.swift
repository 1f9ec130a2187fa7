public import ArgumentParser
import LLoCO
public import LLoCOBase
import LLoCOCompression
import LLoCOLibrary

/// What an answer is given from, and how: `ask` and `chat`.
struct AnswerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only from documents of this group.", valueName: "name"))
    var group: String?

    @Option(
        help: ArgumentHelp(
            "Only from this document; may be repeated. Default: those that retrieval finds.", valueName: "name"))
    var document: [String] = []

    @Option(
        help: """
            What the model reads: compressed (the documents' vectors), hybrid (vectors and pieces of text, under \
            --budget), full (their text, cut to fit), retrieval (the best passages' text) or none.
            """)
    var mode = AnswerMode.compressed

    @Option(help: ArgumentHelp("Read at most so many of the documents that retrieval finds.", valueName: "n"))
    var documents = 1

    @Option(help: ArgumentHelp("Name, and in mode retrieval read, at most so many passages.", valueName: "n"))
    var passages = 4

    @OptionGroup var budget: BudgetOptions

    @Flag(inversion: .prefixedNo, help: "Use the group's adapter.")
    var adapter = true

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
    }

    /// Opens the library and loads the engine; how to answer comes with them.
    func load() async throws -> (library: DocumentLibrary, options: Answerer.Options) {
        let store = try library.open(for: .reading)
        let options = try self.options()
        return (try await engine.engine(for: store).library(store), options)
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
        options.usesAdapter = adapter
        options.generation = try generation.options(seed: engine.model.compute.seed)
        return options
    }
}

extension AnswerMode: ExpressibleByArgument {}
