import Foundation
import HTTPTypes
import Hummingbird
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers

/// Where questions of all APIs are answered.
struct AnswerDesk: Sendable {
    let models: ServedModels
    let configuration: ServerConfiguration
    let admission: Admission
    let metrics: ServerMetrics

    private var engine: Engine { models.library.engine }
    /// The most tokens of a prompt with its answer
    var window: Int { engine.model.languageModel.window }

    /// Answers a request in an API's form. Its status is known when the prompt has been read.
    ///
    /// - Parameter read: what the request asks, and how it is answered
    func respond<Form: ReplyForm>(
        to request: Request, for access: Access,
        _ read: (RequestFields) throws -> (asked: AskedQuestion, form: (ReplyHead) -> Form)
    ) async throws -> Response {
        var request = request
        let (asked, form) = try read(try await request.fields(upTo: configuration.maximumBodyBytes))
        let body = request.body
        let answers = try await answers(to: asked, for: access)
        let cancel: @Sendable () -> Void = { for answer in answers { answer.cancel() } }
        let reply = form(ReplyHead(model: asked.model, tokenizer: try engine.model.languageModel.tokenizer))
        guard asked.streams else {
            return try await body.untilClientGoes(cancel) {
                var given: [GivenAnswer] = []
                for answer in answers { given.append(try await result(of: answer)) }
                var response = try Response.json(reply.whole(given))
                response.headers[.connection] = "close"
                return response
            }
        }
        do { try await answers[0].begun() } catch {
            cancel()
            throw error
        }
        return .pieces(Form.framing) { writer in
            var form = reply
            try await body.untilClientGoes(cancel) {
                do { try await stream(answers, as: &form, to: &writer) } catch let error
                    where !(error is CancellationError)
                {
                    // The status is sent: what went wrong is said in place of the rest.
                    try await writer.write(form.failure(APIError(of: error)))
                }
            }
        }
    }

    /// Begins to answer.
    private func answers(to asked: AskedQuestion, for access: Access) async throws -> [AnswerStream] {
        let places = try admission.admit(asked.choices, key: access.key)
        // Far more than the window holds is not even counted.
        guard asked.question.utf8.count <= 64 * window else {
            throw APIError.invalid(
                "the question has \(asked.question.utf8.count) bytes, far more than the model's window holds",
                code: "context_length_exceeded")
        }
        let choice = try await models.resolve(asked.model, for: access)
        var options = try await options(asked, choice)
        options.history = try await engine.thread.run {
            try engine.model.recentHistory(asked.history, before: asked.question)
        }
        let answers = (0..<asked.choices).map { index in
            var options = options
            options.generation.sampling.seed &+= UInt64(index)
            return models.library.ask(asked.question, in: choice.group, options: options)
        }
        // Places are taken for as long as is computed, however slowly a client reads.
        Task {
            for answer in answers { metrics.count(try? await answer.result) }
            places.leave()
        }
        return answers
    }

    /// What is read for an answer, and how it is given.
    private func options(_ asked: AskedQuestion, _ choice: ServedModels.Choice) async throws -> Answerer.Options {
        var options = Answerer.Options()
        options.group = choice.group
        options.mode = asked.reading.mode ?? choice.mode ?? (choice.group == nil ? .none : .default)
        guard choice.group != nil || options.mode == .none else {
            throw APIError.invalid(
                "mode \(options.mode.rawValue) reads documents: ask a group's model", parameter: "model")
        }
        if let names = asked.reading.documents, let group = choice.group {
            options.documents = try await models.library.store.documents(
                names, of: group, atMost: configuration.maximumDocuments, parameter: "lloco.documents"
            ).map(\.name)
        }
        options.budget = asked.reading.budget
        options.form = asked.form
        options.generation = asked.generation
        return options
    }

    private func result(of answer: AnswerStream) async throws -> GivenAnswer {
        await GivenAnswer(try answer.result, models.library.store)
    }

    /// The choices' pieces as they come, one choice after another.
    private func stream(
        _ answers: [AnswerStream], as form: inout some ReplyForm, to writer: inout PieceWriter
    ) async throws {
        var given: [GivenAnswer] = []
        for (index, answer) in answers.enumerated() {
            try await writer.write(form.begin(index))
            for try await piece in answer { try await writer.write(form.text(index, piece)) }
            given.append(try await result(of: answer))
            try await writer.write(form.end(index, given[index]))
        }
        try await writer.write(form.finish(given))
        if type(of: form).framing == .events { try await writer.done() }
    }
}
