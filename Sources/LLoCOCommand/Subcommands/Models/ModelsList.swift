import ArgumentParser
import Foundation
import LLoCO
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModelFiles

struct ModelsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the installed models.",
        discussion: """
              lloco models list

            --json prints one line per model: {"name", "path", "bytes", "licence", "window", "compressors", \
            "adapters", "place"}. licence and window are null if unknown. compressors and adapters are the names of \
            those installed for the model. place is models (pulled), installation (installed with the program) or \
            cache (Hugging Face's).
            """)

    @OptionGroup var output: OutputOptions

    private struct Line: Encodable {
        let name: String
        let path: String
        let bytes: Int
        let licence: String?
        let window: Int?
        let compressors: [String]
        let adapters: [String]
        let place: StoredModel.Place

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(name, forKey: .name)
            try container.encode(path, forKey: .path)
            try container.encode(bytes, forKey: .bytes)
            // Null rather than absent: a reader finds every field.
            try container.encode(licence, forKey: .licence)
            try container.encode(window, forKey: .window)
            try container.encode(compressors, forKey: .compressors)
            try container.encode(adapters, forKey: .adapters)
            try container.encode(place, forKey: .place)
        }

        private enum Keys: String, CodingKey { case name, path, bytes, licence, window, compressors, adapters, place }
    }

    func run() throws {
        let models = Installation.models.models { Terminal.note(Terminal.oneLine($0)) }
        let trained = Trained()
        let lines = models.map { model in
            let identity = trained.isEmpty ? nil : Installation.identity(of: model)
            return Line(
                name: model.name, path: model.path.path, bytes: model.bytes, licence: model.licence,
                window: try? LlamaConfiguration(at: model.path).maximumPositions,
                compressors: trained.compressors(for: identity), adapters: trained.adapters(for: identity),
                place: model.place)
        }
        if output.json {
            for line in lines { try Terminal.json(line) }
            return
        }
        if !lines.isEmpty {
            let table = Text.table(
                ["name", "size", "licence", "window", "trained for it", "place"],
                lines.map { line in
                    let trained =
                        line.compressors.map { "compressor \($0)" } + line.adapters.map { "adapter \($0)" }
                    return [
                        line.name, Models.megabytes(line.bytes), line.licence ?? "–",
                        line.window.map(String.init) ?? "–",
                        trained.isEmpty ? "–" : trained.joined(separator: ", "), line.place.rawValue,
                    ]
                })
            for line in table { Terminal.print(line) }
        }
        let known = Set(models.map(\.name))
        for model in ModelCatalogue.models where !known.contains(model.name) {
            Terminal.note(
                "\(model.name) is not installed (\(Models.megabytes(model.bytes))): 'lloco models pull \(model.name)'")
        }
    }
}

/// The installed compressors and adapters, by their models' identities.
private struct Trained {
    private let compressorModels: [(name: String, model: String)]
    private let adapterModels: [(name: String, model: String)]

    init() {
        compressorModels = Installation.compressors.compactMap { folder in
            (try? CompressorCheckpoint.description(in: folder)).map { (folder.lastPathComponent, $0.baseModel) }
        }
        adapterModels = Installation.adapters.compactMap { folder in
            GeneralAdapter.vectors(readBy: folder).map { (folder.lastPathComponent, $0.model) }
        }
    }

    var isEmpty: Bool { compressorModels.isEmpty && adapterModels.isEmpty }

    func compressors(for identity: String?) -> [String] { compressorModels.filter { $0.model == identity }.map(\.name) }

    func adapters(for identity: String?) -> [String] { adapterModels.filter { $0.model == identity }.map(\.name) }
}
