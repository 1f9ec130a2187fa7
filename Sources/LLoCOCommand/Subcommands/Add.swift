import ArgumentParser
import LLoCO
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModels

struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn documents: compress them, make them searchable, keep their text.",
        discussion: """
            Reads txt, md, html and, through pdftotext, pdf; a folder stands for the documents in it. Adding again \
            changes nothing, a grown document costs its new tail, and an interrupted addition goes on where it stopped.
            """)

    @Argument(help: "Files or folders.")
    var paths: [String]

    @Option(
        help: ArgumentHelp("The group that the documents belong to; one adapter is tuned for each.", valueName: "name"))
    var group: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    private struct Result: Encodable {
        let document: String
        let group: String
        let tokens: Int
        let vectors: Int
        let seconds: Double
    }

    func run() throws {
        let reader = DocumentReader()
        // Everything that can be wrong with the paths shows before anything is loaded or stored.
        let files = try reader.expand(paths)
        var first: DocumentText?
        for path in files {
            // All are read, one is kept: a text's turn comes later, and together they may be larger than the memory.
            let text = try reader.read(path)
            first = first ?? text
        }
        let engine = try engine.load(withAdapter: false)
        let library = try library.open(for: .writing)
        for (index, path) in files.enumerated() {
            let text = try (index == 0 ? first : nil) ?? reader.read(path)
            let bar = ProgressBar(path)
            let added = try engine.add(text: text.text, path: path, group: group, to: library) {
                bar.update($0, of: $1)
            }
            bar.finish()
            let document = added.document
            if added.vectors >= engine.model.window {
                Terminal.note(
                    "\(document.name): its \(added.vectors) vectors do not fit the model's window of "
                        + "\(engine.model.window): ask with --mode retrieval or full, or split the document")
            }
            if let former = added.movedFrom {
                Terminal.note("\(document.name) was moved from group '\(former)' to '\(document.group)'")
            }
            if output.json {
                try Terminal.json(
                    Result(
                        document: document.name, group: document.group, tokens: added.tokens, vectors: added.vectors,
                        seconds: added.seconds))
            } else {
                let cost =
                    added.compressedTokens == 0
                    ? "unchanged" : "\(added.compressedTokens) tokens compressed in \(Text.seconds(added.seconds))"
                Terminal.print("\(document.name): \(added.tokens) tokens as \(added.vectors) vectors, \(cost)")
            }
        }
    }
}
