import ArgumentParser
import Foundation
import LLoCO
import LLoCOModelFiles

struct ModelsRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a pulled model or an unfinished pull.",
        discussion: """
              lloco models remove qwen2.5-coder-1.5b

            Models that were installed with lloco and models of Hugging Face's cache stay. --json prints {"name", \
            "files", "bytes"}: the removed paths and their size.
            """)

    @Argument(help: "The model's name, as 'models list' prints it.")
    var name: String

    @OptionGroup var output: OutputOptions

    private struct Result: Encodable {
        let name: String
        let files: [String]
        let bytes: Int
    }

    func validate() throws { _ = try Models.reference(name) }

    func run() throws {
        let (places, reference) = (Installation.models, try Models.reference(name))
        let removed = try places.own?.remove(reference) ?? (files: [], bytes: 0)
        guard !removed.files.isEmpty else {
            guard let model = try places.model(reference) else {
                throw CommandError("\(name): no such model is installed; see 'lloco models list'")
            }
            throw CommandError(
                "\(name): \(model.path.path) was written by "
                    + (model.place == .cache ? "Hugging Face's programs" : "the installation")
                    + ", expected a model that 'lloco models pull' fetched")
        }
        if output.json {
            try Terminal.json(Result(name: name, files: removed.files.map(\.path), bytes: removed.bytes))
        } else {
            Terminal.print("\(name) was removed: \(Models.megabytes(removed.bytes))")
        }
    }
}
