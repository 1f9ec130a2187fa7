import ArgumentParser
import Foundation
import LLoCOLibrary

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the library holds of a document.",
        discussion: """
              lloco show report.pdf
              lloco show report.pdf --text
            """)

    @Argument(help: "The document's name, as 'list' prints it, or its path.")
    var document: String

    @Flag(help: ArgumentHelp("Print the document's text.", discussion: "With --json: {\"document\", \"text\"}."))
    var text = false

    @Flag(
        help: ArgumentHelp(
            "Print the questions that 'finetune' had the model ask itself, with reasons for rejection.",
            discussion: """
                With --json: {"document", "start", "end", "kind", "question", "answer", "rejection"} per question.
                """))
    var study = false

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
        if study {
            try showStudy(of: record, library)
            return
        }
        guard let entry = try library.entries(in: .document(record.id)).first else {
            throw CommandError("\(record.name) is not finished: add it again to resume")
        }
        if output.json {
            try Terminal.json(entry)
            return
        }
        let passages = try library.passages(of: record.id)
        let own = "'lloco finetune --group \(record.group)' trains one"
        let adapter = try library.adapters(of: record.group).first
        let isTuned = try adapter.map { try library.hasTunedVectors(of: record.id, with: $0) } ?? false
        let rows = [
            ["document", record.name], ["path", record.path], ["group", record.group],
            ["added", record.added.formatted(.iso8601)], ["bytes", "\(record.byteCount)"],
            ["tokens", "\(record.tokenCount)"], ["vectors", "\(entry.vectors)"], ["passages", "\(passages.count)"],
            [
                "adapter",
                entry.adapter.map { isTuned ? $0 + ", the vectors tuned with it" : $0 }
                    ?? entry.generalAdapter.map { "the general one, \($0); none of the group's own: \(own)" }
                    ?? "none: \(own)",
            ],
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

    private func showStudy(of record: DocumentRecord, _ library: SQLiteLibrary) throws {
        guard let identity = try library.studies(of: record.id).last else {
            throw CommandError(
                "\(record.name) has not been studied: 'lloco finetune --group \(record.group)' without --questions "
                    + "does so")
        }
        for passage in try library.study(of: record.id, by: identity) {
            let bytes = passage.passage.bytes
            if !output.json { Terminal.print("bytes \(bytes.lowerBound)–\(bytes.upperBound)") }
            for item in passage.items {
                if output.json {
                    try Terminal.json(
                        StudyLine(
                            document: record.name, start: bytes.lowerBound, end: bytes.upperBound,
                            kind: item.kind.rawValue, question: item.question, answer: item.answer,
                            rejection: item.rejection?.rawValue))
                } else {
                    let verdict = item.rejection?.rawValue ?? item.kind.rawValue
                    Terminal.print(
                        "  \(item.rejection == nil ? "+" : "-") \(verdict.padded(to: 11))\(item.question) — \(item.answer)"
                    )
                }
            }
        }
    }
}

/// A question that the model asked itself, as a line of `--json`.
private struct StudyLine: Encodable {
    let document: String
    /// of the passage, in UTF-8 bytes
    let start: Int
    let end: Int
    let kind: String
    let question: String
    let answer: String
    /// The reason not to learn from it; nil for a question that is learned
    let rejection: String?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(document, forKey: .document)
        try container.encode(start, forKey: .start)
        try container.encode(end, forKey: .end)
        try container.encode(kind, forKey: .kind)
        try container.encode(question, forKey: .question)
        try container.encode(answer, forKey: .answer)
        // Null rather than absent: a reader finds every field.
        try container.encode(rejection, forKey: .rejection)
    }

    private enum Keys: String, CodingKey { case document, start, end, kind, question, answer, rejection }
}
