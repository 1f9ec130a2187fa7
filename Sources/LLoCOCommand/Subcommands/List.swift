import ArgumentParser
import Foundation
import LLoCO
import LLoCOCompression
import LLoCOLibrary

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the library's documents.",
        discussion: """
              lloco list
              lloco list --group work --json
            """)

    @Option(help: ArgumentHelp("List this group only.", valueName: "name"))
    var group: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let library = try library.open(for: .reading)
        let entries = try library.entries(in: group.map { .group($0) } ?? .all)
        if output.json {
            for entry in entries { try Terminal.json(entry) }
        } else if entries.isEmpty {
            Terminal.note("no documents yet: 'lloco add PATH --group G' adds some")
        } else {
            let table = Text.table(
                ["document", "group", "tokens", "vectors", "adapter"],
                entries.map {
                    [
                        $0.document, $0.group, "\($0.tokens)", "\($0.vectors)",
                        $0.adapter.map { String($0.prefix(12)) } ?? ($0.generalAdapter == nil ? "–" : "general"),
                    ]
                })
            for line in table { Terminal.print(line) }
        }
        for name in try library.unfinished(in: group.map { .group($0) } ?? .all) {
            Terminal.note("\(name) is not finished: add it again to resume")
        }
    }
}

/// A document as `list`, `show` and `remove` print it.
struct DocumentEntry: Encodable {
    let document: String
    let group: String
    let tokens: Int
    let vectors: Int
    /// The digest of the newest adapter of the document's group; nil without one.
    let adapter: String?
    /// The name of the general adapter that reads the document if its group has none; not part of the JSON.
    var generalAdapter: String?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(document, forKey: .document)
        try container.encode(group, forKey: .group)
        try container.encode(tokens, forKey: .tokens)
        try container.encode(vectors, forKey: .vectors)
        // Null rather than absent: a reader finds every field.
        try container.encode(adapter, forKey: .adapter)
    }

    private enum Keys: String, CodingKey { case document, group, tokens, vectors, adapter }
}

extension SQLiteLibrary {
    /// The complete documents of a scope, with the vectors of the compressor that completed them.
    func entries(in scope: LibraryScope) throws -> [DocumentEntry] {
        let compressions = Dictionary(grouping: try compressions(in: scope), by: \.document)
        let adapters = Dictionary(grouping: try adapters(), by: \.group).compactMapValues(\.first?.digest)
        let general = Installation.adapters.map { ($0.lastPathComponent, GeneralAdapter.vectors(readBy: $0)) }
        return try documents(in: scope).filter(\.isComplete).map { document in
            let made = compressions[document.id]?.last(where: \.isComplete)
            return DocumentEntry(
                document: document.name, group: document.group, tokens: document.tokenCount,
                vectors: made?.vectorCount ?? 0, adapter: adapters[document.group],
                generalAdapter: made.flatMap { made in general.first { $0.1 == made.identity }?.0 })
        }
    }

    /// The names of the documents whose addition was interrupted.
    func unfinished(in scope: LibraryScope) throws -> [String] {
        try documents(in: scope).filter { !$0.isComplete }.map(\.name)
    }
}
