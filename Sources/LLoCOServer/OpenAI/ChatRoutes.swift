import Foundation
import HTTPTypes
import Hummingbird
import LLoCO
import LLoCOBase
import LLoCOLibrary
import LLoCOModels

/// `/v1/chat/completions`
struct ChatRoutes: Sendable {
    let models: ServedModels
    let engine: Engine
    let configuration: ServerConfiguration
    let admission: Admission

    func complete(_ request: Request, _ context: some RequestContext) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: configuration.maximumBodyBytes)
        let chat = try ChatRequest(
            Array(body.readableBytesView), configuration, window: engine.model.languageModel.window)
        let choice = try await models.resolve(chat.model)
        let options = try await options(chat, choice)
        let place = try admission.admit()
        let head = ChatCompletion.Head(
            id: "chatcmpl-" + UUID().uuidString.lowercased().filter { $0 != "-" },
            created: Int(Date().timeIntervalSince1970), model: chat.model)
        let answers = (0..<chat.choices).map { index in
            var options = options
            options.generation.sampling.seed &+= UInt64(index)
            return models.library.ask(chat.question, in: choice.group, options: options)
        }
        let watched = request.body
        guard chat.streams else {
            return try await watched.untilClientGoes(cancelling: answers) {
                defer { place.leave() }
                var results: [Answer] = []
                for answer in answers { results.append(try await answer.result) }
                var response = try Response.json(ChatCompletion.Whole(head, results))
                response.headers[.connection] = "close"
                return response
            }
        }
        return .events { events in
            try await watched.untilClientGoes(cancelling: answers) {
                defer { place.leave() }
                try await stream(answers, head, usage: chat.streamsUsage, to: &events)
            }
        }
    }

    /// What is read for an answer, and how it is given.
    private func options(_ chat: ChatRequest, _ choice: ServedModels.Choice) async throws -> Answerer.Options {
        var options = Answerer.Options()
        options.group = choice.group
        options.mode = chat.reading.mode ?? choice.mode ?? (choice.group == nil ? .none : .default)
        guard choice.group != nil || options.mode == .none else {
            throw APIError.invalid(
                "mode \(options.mode.rawValue) reads documents: ask a group's model", parameter: "model")
        }
        options.documents = try await documents(chat, choice)
        options.budget = chat.reading.budget
        options.generation = chat.generation
        options.history = try engine.model.recentHistory(chat.history, before: chat.question)
        return options
    }

    /// The documents that are asked for. Those of other groups are not there for whoever asks this one.
    private func documents(_ chat: ChatRequest, _ choice: ServedModels.Choice) async throws -> [String]? {
        guard let names = chat.reading.documents, let group = choice.group else { return nil }
        let known = Set(try await models.library.store.documents(in: .group(group)).map(\.name))
        if let foreign = names.first(where: { !known.contains($0) }) {
            throw APIError.notFound(
                "the group has no document \"\(foreign.printable(limit: 100))\"", parameter: "lloco.documents",
                code: "document_not_found")
        }
        return names
    }

    /// The choices' pieces as they come, one choice after another.
    private func stream(
        _ answers: [AnswerStream], _ head: ChatCompletion.Head, usage: Bool, to events: inout EventWriter
    ) async throws {
        var results: [Answer] = []
        for (index, answer) in answers.enumerated() {
            try await events.write(ChatCompletion.Chunk.begin(head, index))
            for try await piece in answer { try await events.write(ChatCompletion.Chunk.text(head, index, piece)) }
            let result = try await answer.result
            try await events.write(ChatCompletion.Chunk.end(head, index, result))
            results.append(result)
        }
        if usage { try await events.write(ChatCompletion.Chunk(head, usage: .init(results))) }
        try await events.end()
    }
}

extension RequestBody {
    /// Runs `body`, and cancels answers where the client closes its connection meanwhile, which is closed behind it in any case.
    fileprivate func untilClientGoes<Value: Sendable>(
        cancelling answers: [AnswerStream], _ body: () async throws -> Value
    ) async throws -> Value {
        try await consumeWithInboundCloseHandler(
            { rest in
                // What was read comes once more.
                for try await _ in rest {}
                return try await body()
            }, onInboundClosed: { for answer in answers { answer.cancel() } })
    }
}
