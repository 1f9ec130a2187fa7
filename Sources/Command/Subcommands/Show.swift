import ArgumentParser
import Foundation
import LLoCO

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a document: what the library holds of it.")

    @Argument(help: "The document's name, as 'list' prints it, or its path.")
    var document: String

    @Flag(help: ArgumentHelp("Print the document's text.", discussion: "With --json: {\"document\", \"text\"}."))
    var text = false

    @OptionGroup var library: LibraryOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let library = try library.open(for: .reading)
        let record = try library.document(named: document)
        if text {
            let text = try library.text(of: record.id)
            if output.json {
                try Terminal.json(["document": record.name, "text": text])
            } else {
                Terminal.write(text)
            }
            return
        }
        guard let entry = try library.entries(in: .document(record.id)).first else {
            throw CommandError("\(record.name) is not finished: add it again to go on")
        }
        if output.json {
            try Terminal.json(entry)
            return
        }
        let passages = try library.passages(of: record.id)
        let rows = [
            ["document", record.name], ["path", record.path], ["group", record.group],
            ["added", record.added.formatted(.iso8601)], ["bytes", "\(record.byteCount)"],
            ["tokens", "\(record.tokenCount)"], ["vectors", "\(entry.vectors)"], ["passages", "\(passages.count)"],
            ["adapter", entry.adapter ?? "none: 'lloco finetune --group \(record.group)' trains one"],
            ["SHA-256", record.digest],
        ]
        for row in rows { Terminal.print("\(row[0].padded(to: 10))\(row[1])") }
        for made in try library.compressions(in: .document(record.id)) {
            let state = made.isComplete ? "complete" : "unfinished"
            Terminal.print(
                "\("vectors".padded(to: 10))\(made.vectorCount) of \(made.identity.variant), model "
                    + "\(made.identity.model.prefix(12)), compressor \(made.identity.compressor.prefix(12)), \(state)")
        }
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
