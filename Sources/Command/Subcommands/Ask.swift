public import ArgumentParser
import JSON
public import LLoCO

/// What an answer is given from, and how: `ask` and `chat`.
struct AnswerFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Only from documents of this group.", valueName: "name"))
    var group: String?

    @Option(
        help: ArgumentHelp(
            "Only from this document; may be repeated. Default: those that retrieval finds.", valueName: "name"))
    var document: [String] = []

    @Option(
        help: """
            What the model reads: compressed (the documents' vectors), full (their text, cut to fit), retrieval (the \
            best passages' text) or none.
            """)
    var mode = AnswerMode.compressed

    @Option(help: ArgumentHelp("Read at most so many of the documents that retrieval finds.", valueName: "n"))
    var documents = 1

    @Option(help: ArgumentHelp("Name, and in mode retrieval read, at most so many passages.", valueName: "n"))
    var passages = 4

    @Flag(inversion: .prefixedNo, help: "Use the group's adapter.")
    var adapter = true

    @OptionGroup var generation: GenerationFlags

    func validate() throws {
        guard documents >= 1, documents <= 10_000 else {
            throw ValidationError("--documents \(documents): expected 1 to 10000")
        }
        guard passages >= 1, passages <= 10_000 else {
            throw ValidationError("--passages \(passages): expected 1 to 10000")
        }
    }

    func options(seed: UInt64) throws -> Answerer.Options {
        var options = Answerer.Options()
        options.mode = mode
        options.group = group
        options.documents = document.isEmpty ? nil : document
        options.maximumDocuments = documents
        options.maximumPassages = passages
        options.usesAdapter = adapter
        options.generation = try generation.options(seed: seed)
        return options
    }
}

extension AnswerMode: ExpressibleByArgument {}

struct Ask: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer a question from the library's documents, and name what the answer rests on.")

    @Argument(help: "The question.")
    var question: String

    @OptionGroup var answering: AnswerFlags
    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let library = try library.open(for: .reading)
        let engine = try engine.load()
        let answerer = Answerer(engine: engine, library: library)
        let answer = try answerer.answer(question, answering.options(seed: self.engine.model.compute.seed)) {
            if !output.json { Terminal.print($0, terminator: "") }
        }
        try answer.show(json: output.json)
        answering.generation.note(answer.end, tokens: answer.generatedTokens)
    }
}

extension Answer {
    /// Prints what stands behind an answer that was streamed, or all of it as JSON.
    func show(json: Bool) throws {
        for omission in omissions { Terminal.note(omission) }
        if json {
            try Terminal.json(self)
            return
        }
        Terminal.print("\n")
        for passage in passages {
            Terminal.print("  \(passage.document.printable(limit: 200)) [\(passage.start)–\(passage.end)]")
        }
        Terminal.print(
            "  \(mode.rawValue)\(documents.isEmpty ? "" : " from \(documents.joined(separator: ", ").printable(limit: 2000))"): "
                + "\(contextTokens) context tokens, \(promptTokens) in the prompt, \(generatedTokens) generated, "
                + "\(Text.seconds(seconds.total))")
    }
}
