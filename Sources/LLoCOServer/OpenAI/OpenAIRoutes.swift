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
            var request = request
            let completion = try await CompletionRequest.chat(desk.fields(&request), desk)
            return try await desk.respond(to: completion.asked, for: context.access, of: request) {
                ChatForm(head: $0, streamsUsage: completion.streamsUsage)
            }
        }
        router.post("completions") { request, context in
            var request = request
            let completion = try await CompletionRequest.text(desk.fields(&request), desk)
            return try await desk.respond(to: completion.asked, for: context.access, of: request) {
                TextForm(head: $0, streamsUsage: completion.streamsUsage)
            }
        }
        router.post("responses") { request, context in
            var request = request
            let response = try await ResponsesRequest(desk.fields(&request), desk)
            return try await desk.respond(to: response.asked, for: context.access, of: request) {
                ResponsesForm(head: $0, request: response)
            }
        }
        router.post("embeddings") { request, context in
            try await embeddings.embed(request, for: context.access)
        }
    }
}
