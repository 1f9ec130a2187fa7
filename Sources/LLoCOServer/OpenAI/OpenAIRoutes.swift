import Foundation
import Hummingbird

/// `/v1`: OpenAI's API
struct OpenAIRoutes: Sendable {
    let desk: AnswerDesk
    let embeddings: EmbeddingRoute
    /// When the server began
    let start: Date

    func add(to router: RouterGroup<ServerContext>) {
        router.get("models") { _, context in
            try await Response.json(desk.models.list(for: context.access, since: start))
        }
        // A name may have slashes in it.
        router.get("models/**") { _, context in
            let name = context.parameters.getCatchAll().joined(separator: "/").removingPercentEncoding ?? ""
            return try await Response.json(desk.models.model(name, for: context.access, since: start))
        }
        router.post("chat/completions") { request, context in
            try await desk.respond(to: request, for: context.access) { fields in
                let completion = try CompletionRequest.chat(fields, desk)
                return (completion.asked, { ChatForm(head: $0, streamsUsage: completion.streamsUsage) })
            }
        }
        router.post("completions") { request, context in
            try await desk.respond(to: request, for: context.access) { fields in
                let completion = try CompletionRequest.text(fields, desk)
                return (completion.asked, { TextForm(head: $0, streamsUsage: completion.streamsUsage) })
            }
        }
        router.post("responses") { request, context in
            try await desk.respond(to: request, for: context.access) { fields in
                let response = try ResponsesRequest(fields, desk)
                return (response.asked, { ResponsesForm(head: $0, request: response) })
            }
        }
        router.post("embeddings") { request, context in
            try await embeddings.embed(request, for: context.access)
        }
    }
}
