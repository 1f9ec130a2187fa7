import Foundation
import Hummingbird

/// The routes of OpenAI's API, under `/v1`.
struct OpenAIRoutes: Sendable {
    let service: AnswerService
    let embeddings: EmbeddingRoute
    /// Start time of the server
    let start: Date

    func add(to router: RouterGroup<ServerContext>) {
        router.get("models") { _, context in
            try await Response.json(service.models.list(for: context.access, since: start))
        }
        // Model names may contain slashes.
        router.get("models/**") { _, context in
            let name = context.parameters.getCatchAll().joined(separator: "/").removingPercentEncoding ?? ""
            return try await Response.json(service.models.model(name, for: context.access, since: start))
        }
        router.post("chat/completions") { request, context in
            try await service.respond(to: request, for: context.access) { fields in
                let completion = try CompletionRequest.chat(fields, service)
                return (completion.answerRequest, { ChatFormat(head: $0, streamsUsage: completion.streamsUsage) })
            }
        }
        router.post("completions") { request, context in
            try await service.respond(to: request, for: context.access) { fields in
                let completion = try CompletionRequest.text(fields, service)
                return (completion.answerRequest, { TextFormat(head: $0, streamsUsage: completion.streamsUsage) })
            }
        }
        router.post("responses") { request, context in
            try await service.respond(to: request, for: context.access) { fields in
                let response = try ResponsesRequest(fields, service)
                return (response.answerRequest, { ResponsesFormat(head: $0, request: response) })
            }
        }
        router.post("embeddings") { request, context in
            try await embeddings.embed(request, for: context.access)
        }
    }
}
