import Foundation
import Hummingbird
import LLoCO
import LLoCOBase
import LLoCOModels

/// The supported routes of Ollama's API, under `/api`.
struct OllamaRoutes: Sendable {
    let service: AnswerService
    let embeddings: EmbeddingRoute
    /// Start time of the server
    let start: Date

    func add(to router: RouterGroup<ServerContext>) {
        router.get("version") { _, _ in try Response.json(["version": Release.version]) }
        router.get("tags") { _, context in
            let models = try await service.models.list(for: context.access, since: start).data
            return try Response.json(["models": models.map { model($0.id) }])
        }
        router.post("show") { request, context in
            var request = request
            let fields = try await request.fields(upTo: service.configuration.maximumBodyBytes)
            try fields.check(known: ["model"], ignored: ["verbose", "name", "system", "options"])
            return try await Response.json(show(service.models.resolve(fields.model(), for: context.access)))
        }
        router.post("chat") { request, context in
            try await service.respond(to: request, for: context.access) { fields in
                (try OllamaRequest.chat(fields, service).answerRequest, { OllamaFormat(head: $0, isChat: true) })
            }
        }
        router.post("generate") { request, context in
            try await service.respond(to: request, for: context.access) { fields in
                (try OllamaRequest.generate(fields, service).answerRequest, { OllamaFormat(head: $0, isChat: false) })
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
    private struct ModelDetails: Encodable {
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
            parentModel: parent, family: service.models.base, families: [service.models.base], parameterSize: "",
            quantizationLevel: "")
    }

    private func model(_ name: String) -> Model {
        let size = try? service.models.library.engine.model.languageModel.path.resourceValues(forKeys: [.fileSizeKey])
        return Model(
            name: name, model: name, modifiedAt: start.formatted(.iso8601), size: size?.fileSize ?? 0,
            digest: service.models.library.engine.model.modelIdentity,
            details: details(parent: name == service.models.base ? "" : service.models.base))
    }

    private func show(_ choice: ServedModels.Choice) -> ModelDetails {
        ModelDetails(
            details: details(parent: choice.group == nil ? "" : service.models.base),
            modelInfo: [
                "general.basename": service.models.base, "context_length": "\(service.window)",
            ])
    }

    private func embed(_ request: Request, for access: Access) async throws -> Response {
        var request = request
        let start = ContinuousClock.now
        let fields = try await request.fields(upTo: service.configuration.maximumBodyBytes)
        try fields.check(
            known: ["model", "input"], ignored: ["keep_alive", "options"], defaults: ["truncate": [.bool(true)]])
        let (vectors, tokens) = try await embeddings.vectors(fields, for: access, of: request)
        return try .json(
            Embeddings(
                model: try fields.string("model") ?? "", embeddings: vectors,
                totalDuration: Int(start.duration(to: .now).seconds * 1e9), promptEvalCount: tokens))
    }
}
