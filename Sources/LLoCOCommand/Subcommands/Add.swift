import ArgumentParser
import Foundation
import LLoCO
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModels
import LLoCOServer
import Synchronization

struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Add documents: compress, index and store them.",
        usage: "lloco add <paths> ... [--group <name>] [<options>]",
        discussion: """
            Reads txt, md, html and, with pdftotext, pdf. A folder stands for the documents in it. Adding an unchanged \
            document does nothing. A document that has grown costs its new tail alone. The same command resumes an \
            interrupted run.

              lloco add report.pdf notes/ --group work

            'lloco help groups' explains --group.

            \(HelpText.allOptions)
            """)

    @Argument(help: "Files or folders.")
    var paths: [String]

    @Option(
        help: ArgumentHelp("The documents' group. Default: as before, else \"default\".", valueName: "name"))
    var group: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var jobOptions: JobOptions

    private struct Result: Encodable {
        let document: String
        let group: String
        let tokens: Int
        let vectors: Int
        let seconds: Double
    }

    func run() async throws {
        let job = jobOptions.report()
        // Errors of the paths come before anything is loaded.
        let documents = try DocumentReader().readAll(paths)
        let engine = try await engine.engine(for: library.existing(), withAdapter: false)
        let library = engine.library(try library.open(for: .writing))
        let bars = Mutex<[String: ProgressBar]>([:])
        try await library.add(documents, to: group) { progress in
            if let job {
                let name = URL(filePath: progress.path).lastPathComponent
                try job.progress(.adding, item: name, progress.doneTokens, of: progress.totalTokens)
                return
            }
            let bar = bars.withLock { bars in
                let bar = bars[progress.path] ?? ProgressBar(progress.path)
                bars[progress.path] = bar
                return bar
            }
            bar.update(progress.doneTokens, of: progress.totalTokens)
        } onAdded: { added in
            bars.withLock { $0.removeValue(forKey: added.document.path) }?.finish()
            try job?.say(
                .document(
                    added.document.name, group: added.document.group, tokens: added.tokens, vectors: added.vectors,
                    seconds: added.seconds))
            try show(added, window: engine.model.languageModel.window)
        }
    }

    private func show(_ added: AddedDocument, window: Int) throws {
        let document = added.document
        if added.vectors >= window {
            Terminal.note(
                "\(document.name): its \(added.vectors) vectors do not fit the model's window of "
                    + "\(window): ask with --mode retrieval or full, or split the document")
        }
        if let former = added.movedFrom {
            Terminal.note("\(document.name) was moved from group '\(former)' to '\(document.group)'")
        }
        if jobOptions.job { return }
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
