import ArgumentParser
import Foundation
import LLoCO
import LLoCOModelFiles

struct ModelsVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read models whole and compare them with their digests.",
        discussion: """
            Without a name all that 'models list' shows are read. --json prints a line a file: {"name", "file", "ok", "detail"}; \
            ok is null where no digest is known, detail is what is wrong, else null. Exit status 1 where a file is not what \
            it should be. A model of which a file is gone or cut is not read, and counts as faulty.
            """)

    @Argument(help: "Models' names, as 'models list' prints them.")
    var names: [String] = []

    @OptionGroup var output: OutputOptions

    private struct Line: Encodable {
        let name: String
        let file: String
        let ok: Bool?
        let detail: String?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(name, forKey: .name)
            try container.encode(file, forKey: .file)
            // Null rather than absent: a reader finds every field.
            try container.encode(ok, forKey: .ok)
            try container.encode(detail, forKey: .detail)
        }

        private enum Keys: String, CodingKey { case name, file, ok, detail }
    }

    func validate() throws { for name in names { _ = try Models.reference(name) } }

    func run() throws {
        let places = Installation.models
        var faulty = 0
        let models =
            names.isEmpty
            ? places.models {
                Terminal.note(Terminal.oneLine($0))
                faulty += 1
            }
            : try names.map { name in
                guard let model = try places.model(Models.reference(name)) else {
                    throw CommandError("\(name): no such model is here; 'lloco models list' shows those that are")
                }
                return model
            }
        for model in models {
            let bar = ProgressBar(model.name)
            var done = 0
            for file in model.files {
                bar.update(done, of: model.bytes)
                var fault: String?
                do { fault = try file.fault() } catch { fault = Terminal.oneLine(error) }
                done += file.bytes
                bar.finish()
                if fault != nil { faulty += 1 }
                let ok = fault == nil ? (file.digest == nil ? nil : true) : false
                if output.json {
                    try Terminal.json(Line(name: model.name, file: file.url.path, ok: ok, detail: fault))
                } else {
                    let state = ok.map { $0 ? "ok" : "FAULTY" } ?? "unknown"
                    Terminal.print("\(state)  \(model.name)  \(file.url.path)\(fault.map { ": \($0)" } ?? "")")
                }
            }
        }
        guard faulty == 0 else {
            throw CommandError(
                "\(faulty) \(faulty == 1 ? "file is" : "files are") not what they should be: remove what was pulled with "
                    + "'lloco models remove', then pull it again")
        }
    }
}
