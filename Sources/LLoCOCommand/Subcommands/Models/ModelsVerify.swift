import ArgumentParser
import Foundation
import LLoCO
import LLoCOModelFiles

struct ModelsVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare models' files with their digests.",
        discussion: """
              lloco models verify
              lloco models verify qwen2.5-coder-1.5b

            Without a name it reads all models of 'lloco models list'. A model with a missing or truncated file \
            counts as faulty and is not read. Exit status 1 for a faulty file. --json prints one line per file: \
            {"name", "file", "ok", "detail"}. ok is null for an unknown digest, detail is the fault or null.
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
                    throw CommandError("\(name): no such model is installed; see 'lloco models list'")
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
                "\(faulty) \(faulty == 1 ? "file is" : "files are") faulty: remove pulled models with "
                    + "'lloco models remove' and pull them again")
        }
    }
}
