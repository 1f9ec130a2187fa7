import Foundation
import Hummingbird
import LLoCO
import LLoCOBase
import LLoCOModels

/// `/api`: Ollama's API, as far as it asks
struct OllamaRoutes: Sendable {
    let desk: AnswerDesk
    let embeddings: EmbeddingRoute
    /// When the server began
    let start: Date

    func add(to router: RouterGroup<ServerContext>) {
        router.get("version") { _, _ in try Response.json(["version": Release.version]) }
        router.get("tags") { _, context in
            let models = try await desk.models.list(for: context.access, since: start).data
            return try Response.json(["models": models.map { model($0.id) }])
        }
        router.post("show") { request, context in
            var request = request
            let fields = try await request.fields(upTo: desk.configuration.maximumBodyBytes)
            try fields.check(known: ["model"], ignored: ["verbose", "name", "system", "options"])
            return try await Response.json(show(desk.models.resolve(fields.model(), for: context.access)))
        }
        router.post("chat") { request, context in
            try await desk.respond(to: request, for: context.access) { fields in
                (try OllamaRequest.chat(fields, desk).asked, { OllamaForm(head: $0, isChat: true) })
            }
        }
        router.post("generate") { request, context in
            try await desk.respond(to: request, for: context.access) { fields in
                (try OllamaRequest.generate(fields, desk).asked, { OllamaForm(head: $0, isChat: false) })
            }
        }
        router.post("embed") { request, context in try await embed(request, for: context.access) }
    }

    private struct Details: Encodable {
        let parentModel: String
        let format = "gguf"
        let family: String
        let families: [String]
        let parameterSize: String
        let quantizationLevel: String
    }
    private struct Model: Encodable {
        let name: String
        let model: String
        let modifiedAt: String
        let size: Int
        let digest: String
        let details: Details
    }
    private struct Shown: Encodable {
        let modelfile = ""
        let parameters = ""
        let template = ""
        let details: Details
        let modelInfo: [String: String]
        let capabilities = ["completion"]
    }
    private struct Embeddings: Encodable {
        let model: String
        let embeddings: [[Float]]
        /// Nanoseconds
        let totalDuration: Int
        let loadDuration = 0
        let promptEvalCount: Int
    }

    private func details(parent: String) -> Details {
        Details(
            parentModel: parent, family: desk.models.base, families: [desk.models.base], parameterSize: "",
            quantizationLevel: "")
    }

    private func model(_ name: String) -> Model {
        let size = try? desk.models.library.engine.model.languageModel.path.resourceValues(forKeys: [.fileSizeKey])
        return Model(
            name: name, model: name, modifiedAt: start.formatted(.iso8601), size: size?.fileSize ?? 0,
            digest: desk.models.library.engine.model.modelIdentity,
            details: details(parent: name == desk.models.base ? "" : desk.models.base))
    }

    private func show(_ choice: ServedModels.Choice) -> Shown {
        Shown(
            details: details(parent: choice.group == nil ? "" : desk.models.base),
            modelInfo: [
                "general.basename": desk.models.base, "context_length": "\(desk.window)",
            ])
    }

    private func embed(_ request: Request, for access: Access) async throws -> Response {
        var request = request
        let start = ContinuousClock.now
        let fields = try await request.fields(upTo: desk.configuration.maximumBodyBytes)
        try fields.check(
            known: ["model", "input"], ignored: ["keep_alive", "options"], defaults: ["truncate": [.bool(true)]])
        let (vectors, tokens) = try await embeddings.vectors(fields, for: access, of: request)
        return try .json(
            Embeddings(
                model: try fields.string("model") ?? "", embeddings: vectors,
                totalDuration: Int(start.duration(to: .now).seconds * 1e9), promptEvalCount: tokens))
    }
}
