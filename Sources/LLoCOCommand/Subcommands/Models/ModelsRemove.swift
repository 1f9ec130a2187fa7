import ArgumentParser
import Foundation
import LLoCO
import LLoCOModelFiles

struct ModelsRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a model that was pulled, or what has come of one.",
        discussion: """
            What Scripts/bootstrap fetched and what lies in Hugging Face's cache stay. --json prints {"name", "files", "bytes"}: \
            the paths that were removed, and their size.
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
                throw CommandError("\(name): no such model is here; 'lloco models list' shows those that are")
            }
            throw CommandError(
                "\(name): it lies in \(model.path.path), where "
                    + (model.place == .cache ? "Hugging Face's programs put it" : "Scripts/bootstrap put it")
                    + "; only what 'lloco models pull' fetched is removed")
        }
        if output.json {
            try Terminal.json(Result(name: name, files: removed.files.map(\.path), bytes: removed.bytes))
        } else {
            Terminal.print("\(name) was removed: \(Models.megabytes(removed.bytes))")
        }
    }
}
