import ArgumentParser
import LLoCOLibrary

struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove a document with its text and vectors.",
        discussion: """
            The group and its adapter stay.

              lloco remove report.pdf
            """)

    @Argument(help: "The document's name, as 'list' prints it, or its path.")
    var document: String

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        // Opened for reading first: a missing library must not be created by a removal.
        _ = try library.open(for: .reading).document(named: document)
        let library = try library.open(for: .writing)
        let record = try library.document(named: document)
        let entry = try library.entries(in: .document(record.id)).first
        try library.removeDocument(record.id)
        if output.json {
            try Terminal.json(
                entry
                    ?? DocumentEntry(
                        document: record.name, group: record.group, tokens: record.tokenCount, vectors: 0,
                        adapter: nil))
        } else {
            Terminal.print("\(record.name) was removed")
        }
    }
}
