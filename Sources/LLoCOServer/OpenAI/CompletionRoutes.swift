import Foundation
import HTTPTypes
import Hummingbird
import LLoCO
import LLoCOBase
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers

/// `/v1/chat/completions` and `/v1/completions`
struct CompletionRoutes: Sendable {
    let models: ServedModels
    let engine: Engine
    let configuration: ServerConfiguration
    let admission: Admission

    private var window: Int { engine.model.languageModel.window }

    func chat(_ request: Request, for access: Access) async throws -> Response {
        try await respond(to: request, for: access, as: ChatForm.self) { body in
            let chat = try ChatRequest(body, configuration, window: window)
            return (
                chat.answer, chat.question, .chat,
                try engine.model.recentHistory(chat.history, before: chat.question)
            )
        }
    }

    func complete(_ request: Request, for access: Access) async throws -> Response {
        try await respond(to: request, for: access, as: TextForm.self) { body in
            let completion = try CompletionRequest(body, configuration, window: window)
            return (completion.answer, completion.prompt, .continuation(opening: ""), [])
        }
    }

    private typealias Asked = (answer: AnswerRequest, question: String, form: PromptForm, history: [ChatMessage])

    private func respond<Form: CompletionForm>(
        to request: Request, for access: Access, as form: Form.Type, _ read: ([UInt8]) throws -> Asked
    ) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: configuration.maximumBodyBytes)
        let asked = try read(Array(body.readableBytesView))
        let choice = try await models.resolve(asked.answer.model, for: access)
        var options = try await options(asked.answer, choice)
        (options.form, options.history) = (asked.form, asked.history)
        let place = try admission.admit()
        let head = Completion.Head(
            id: Form.prefix + UUID().uuidString.lowercased().filter { $0 != "-" },
            created: Int(Date().timeIntervalSince1970), model: asked.answer.model,
            tokenizer: try engine.model.languageModel.tokenizer)
        let answers = (0..<asked.answer.choices).map { index in
            var options = options
            options.generation.sampling.seed &+= UInt64(index)
            return models.library.ask(asked.question, in: choice.group, options: options)
        }
        let (watched, usage) = (request.body, asked.answer.streamsUsage)
        guard asked.answer.streams else {
            return try await watched.untilClientGoes(cancelling: answers) {
                defer { place.leave() }
                var results: [Answer] = []
                for answer in answers { results.append(try await answer.result) }
                var response = try Response.json(Form.whole(head, results))
                response.headers[.connection] = "close"
                return response
            }
        }
        return .events { events in
            try await watched.untilClientGoes(cancelling: answers) {
                defer { place.leave() }
                try await stream(answers, as: Form.self, head, usage: usage, to: &events)
            }
        }
    }

    /// What is read for an answer, and how it is given.
    private func options(_ request: AnswerRequest, _ choice: ServedModels.Choice) async throws -> Answerer.Options {
        var options = Answerer.Options()
        options.group = choice.group
        options.mode = request.reading.mode ?? choice.mode ?? (choice.group == nil ? .none : .default)
        guard choice.group != nil || options.mode == .none else {
            throw APIError.invalid(
                "mode \(options.mode.rawValue) reads documents: ask a group's model", parameter: "model")
        }
        options.documents = try await documents(request, choice)
        options.budget = request.reading.budget
        options.generation = request.generation
        return options
    }

    /// The documents that are asked for. Those of other groups are not there for whoever asks this one.
    private func documents(_ request: AnswerRequest, _ choice: ServedModels.Choice) async throws -> [String]? {
        guard let names = request.reading.documents, let group = choice.group else { return nil }
        let known = Set(try await models.library.store.documents(in: .group(group)).map(\.name))
        if let foreign = names.first(where: { !known.contains($0) }) {
            throw APIError.notFound(
                "the group has no document \"\(foreign.printable(limit: 100))\"", parameter: "lloco.documents",
                code: "document_not_found")
        }
        return names
    }

    /// The choices' pieces as they come, one choice after another.
    private func stream<Form: CompletionForm>(
        _ answers: [AnswerStream], as form: Form.Type, _ head: Completion.Head, usage: Bool,
        to events: inout EventWriter
    ) async throws {
        var results: [Answer] = []
        for (index, answer) in answers.enumerated() {
            if let begin = Form.begin(head, index) { try await events.write(begin) }
            for try await piece in answer { try await events.write(Form.text(head, index, piece)) }
            let result = try await answer.result
            try await events.write(Form.end(head, index, result))
            results.append(result)
        }
        if usage { try await events.write(Form.usage(head, results)) }
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
