import Foundation
import HTTPTypes
import Hummingbird
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers

/// Answers the requests of all APIs.
struct AnswerService: Sendable {
    let models: ServedModels
    let configuration: ServerConfiguration
    let admission: Admission
    let metrics: ServerMetrics

    private var engine: Engine { models.library.engine }
    /// The context window: maximum number of positions of a prompt with its answer
    var window: Int { engine.model.languageModel.window }

    /// Answers a request in an API's format. A streamed response is returned after the prefill, so that its status
    /// reports errors until then.
    ///
    /// - Parameter parse: parses the request and returns the format of its reply
    func respond<Format: ReplyFormat>(
        to request: Request, for access: Access,
        _ parse: (RequestFields) throws -> (request: AnswerRequest, format: (ReplyHead) -> Format)
    ) async throws -> Response {
        var request = request
        let (answerRequest, format) = try parse(try await request.fields(upTo: configuration.maximumBodyBytes))
        let body = request.body
        let answers = try await answers(to: answerRequest, for: access)
        let cancel: @Sendable () -> Void = { for answer in answers { answer.cancel() } }
        let reply = format(ReplyHead(model: answerRequest.model, tokenizer: try engine.model.languageModel.tokenizer))
        guard answerRequest.streams else {
            return try await body.untilClientDisconnects(cancel) {
                var completed: [ServedAnswer] = []
                for answer in answers { completed.append(try await result(of: answer)) }
                var response = try Response.json(reply.whole(completed))
                response.headers[.connection] = "close"
                return response
            }
        }
        do { try await answers[0].begun() } catch {
            cancel()
            throw error
        }
        return .pieces(Format.framing) { writer in
            var format = reply
            try await body.untilClientDisconnects(cancel) {
                do { try await stream(answers, as: &format, to: &writer) } catch let error
                    where !(error is CancellationError)
                {
                    // The status is already sent, so the error becomes the last piece.
                    try await writer.write(format.failure(APIError(of: error)))
                }
            }
        }
    }

    /// Starts the answers of a request.
    private func answers(to answerRequest: AnswerRequest, for access: Access) async throws -> [AnswerStream] {
        let slots = try admission.admit(answerRequest.choices, key: access.key)
        // Avoids tokenizing text that is certainly too long.
        let system = answerRequest.history.prefix { $0.role == .system }.reduce(0) { $0 + $1.content.utf8.count }
        for (part, bytes) in [("question", answerRequest.question.utf8.count), ("system messages", system)]
        where bytes > 64 * window {
            throw APIError.invalid(
                "\(part): \(bytes) bytes, too long for the window of \(window) tokens",
                code: "context_length_exceeded")
        }
        let choice = try await models.resolve(answerRequest.model, for: access)
        var options = try await options(answerRequest, choice)
        options.history = try await engine.thread.run {
            try engine.model.recentHistory(answerRequest.history, before: answerRequest.question)
        }
        let answers = (0..<answerRequest.choices).map { index in
            var options = options
            options.generation.sampling.seed &+= UInt64(index)
            return models.library.ask(answerRequest.question, in: choice.group, options: options)
        }
        // Slots are released when the computation ends, independent of how fast the client reads.
        Task {
            for answer in answers { metrics.count(try? await answer.result) }
            slots.release()
        }
        return answers
    }

    /// The options of an answer: its documents, mode, budget and generation.
    private func options(
        _ answerRequest: AnswerRequest, _ choice: ServedModels.Choice
    ) async throws -> Answerer.Options {
        var options = Answerer.Options()
        options.group = choice.group
        options.mode = answerRequest.context.mode ?? choice.mode ?? (choice.group == nil ? .none : .default)
        guard choice.group != nil || options.mode == .none else {
            throw APIError.notFound(
                "mode \(options.mode.rawValue) needs documents; expected a group's model", parameter: "model")
        }
        if let names = answerRequest.context.documents, let group = choice.group {
            options.documents = try await models.library.store.documents(
                names, of: group, maximum: configuration.maximumDocuments, parameter: "lloco.documents"
            ).map(\.name)
        }
        options.budget = answerRequest.context.budget
        options.form = answerRequest.form
        options.generation = answerRequest.generation
        return options
    }

    private func result(of answer: AnswerStream) async throws -> ServedAnswer {
        await ServedAnswer(try answer.result, models.library.store)
    }

    /// Writes the pieces of all choices, one choice after another.
    private func stream(
        _ answers: [AnswerStream], as format: inout some ReplyFormat, to writer: inout PieceWriter
    ) async throws {
        var completed: [ServedAnswer] = []
        for (index, answer) in answers.enumerated() {
            try await writer.write(format.begin(index))
            for try await piece in answer { try await writer.write(format.text(index, piece)) }
            completed.append(try await result(of: answer))
            try await writer.write(format.end(index, completed[index]))
        }
        try await writer.write(format.finish(completed))
        if type(of: format).framing == .events { try await writer.done() }
    }
}
