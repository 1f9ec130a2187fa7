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
            return (chat.answer, chat.question, .chat, chat.history)
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
        let places = try admission.admit(asked.answer.choices)
        // Far more than the window holds is not even counted.
        guard asked.question.utf8.count <= 64 * window else {
            throw APIError.invalid(
                "the question has \(asked.question.utf8.count) bytes, far more than the model's window holds",
                code: "context_length_exceeded")
        }
        let choice = try await models.resolve(asked.answer.model, for: access)
        var options = try await options(asked.answer, choice)
        options.form = asked.form
        options.history = try await engine.thread.run {
            try engine.model.recentHistory(asked.history, before: asked.question)
        }
        let head = Completion.Head(
            id: Form.prefix + UUID().uuidString.lowercased().filter { $0 != "-" },
            created: Int(Date().timeIntervalSince1970), model: asked.answer.model,
            tokenizer: try engine.model.languageModel.tokenizer)
        let answers = (0..<asked.answer.choices).map { index in
            var options = options
            options.generation.sampling.seed &+= UInt64(index)
            return models.library.ask(asked.question, in: choice.group, options: options)
        }
        // Places are taken for as long as is computed, however slowly a client reads.
        Task {
            for answer in answers { _ = try? await answer.result }
            places.leave()
        }
        let (watched, usage) = (request.body, asked.answer.streamsUsage)
        let cancel: @Sendable () -> Void = { for answer in answers { answer.cancel() } }
        guard asked.answer.streams else {
            return try await watched.untilClientGoes(cancel) {
                var results: [Answer] = []
                for answer in answers { results.append(try await answer.result) }
                var response = try Response.json(Form.whole(head, results))
                response.headers[.connection] = "close"
                return response
            }
        }
        return .events { events in
            try await watched.untilClientGoes(cancel) {
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

    /// The documents that are asked for.
    private func documents(_ request: AnswerRequest, _ choice: ServedModels.Choice) async throws -> [String]? {
        guard let names = request.reading.documents, let group = choice.group else { return nil }
        return try await models.library.store.documents(
            names, of: group, configuration, parameter: "lloco.documents"
        ).map(\.name)
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
