import LLoCO
import LLoCOBase
import LLoCOModels
import LLoCOTokenizers

/// A request of `/api/chat` or `/api/generate`. The reply is streamed unless `stream` is false.
struct OllamaRequest {
    let answerRequest: AnswerRequest

    private static let known: Set = ["model", "stream", "options", "lloco"]
    /// The model stays loaded while the server runs.
    private static let ignored: Set = ["keep_alive"]
    private static let defaults: [String: [JSONValue]] = [
        "tools": [.array([])], "format": [.string("")], "think": [.bool(false)], "images": [.array([])],
        "suffix": [.string("")], "template": [.string("")], "context": [.array([])], "logprobs": [.bool(false)],
    ]
    private static let knownOptions: Set = ["temperature", "top_p", "seed", "num_predict", "stop"]
    /// Options about loading the model, without effect on the most likely token.
    private static let ignoredOptions: Set = [
        "num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "numa", "num_keep",
    ]

    /// Parses `/api/chat`. The last user message is the question, the others are the history.
    static func chat(_ fields: RequestFields, _ service: AnswerService) throws -> OllamaRequest {
        try OllamaRequest(fields, contentFields: ["messages"], service) { model in
            let (question, history) = try fields.conversation("messages", ignored: ["thinking"])
            return AnswerRequest(model: model, question: question, history: history)
        }
    }

    /// Parses `/api/generate`: a question, or with `raw` a text to continue.
    static func generate(_ fields: RequestFields, _ service: AnswerService) throws -> OllamaRequest {
        try OllamaRequest(fields, contentFields: ["prompt", "system", "raw"], service) { model in
            var answerRequest = AnswerRequest(model: model, question: try fields.string("prompt") ?? "")
            if try fields.bool("raw") == true { answerRequest.form = .continuation(opening: "") }
            if let system = try fields.string("system"), !system.isEmpty {
                answerRequest.history = [ChatMessage(.system, system)]
            }
            return answerRequest
        }
    }

    private init(
        _ fields: RequestFields, contentFields: Set<String>, _ service: AnswerService,
        _ question: (String) throws -> AnswerRequest
    ) throws {
        try fields.check(
            known: Self.known.union(contentFields), ignored: Self.ignored,
            defaults: Self.defaults)
        var answerRequest = try question(fields.model())
        answerRequest.streams = try fields.bool("stream") ?? true
        if let options = try fields.object("options") {
            try options.check(
                known: Self.knownOptions, ignored: Self.ignoredOptions,
                defaults: [
                    "repeat_penalty": [.number(1), .integer(1)], "min_p": [.number(0), .integer(0)],
                    "presence_penalty": [.number(0), .integer(0)], "frequency_penalty": [.number(0), .integer(0)],
                ])
            answerRequest.generation.sampling = try options.sampling()
            answerRequest.generation.stopStrings = try options.stopStrings()
            // 0, -1 and -2 mean no limit: the context window is the limit.
            if let limit = try options.tokenLimit("num_predict", from: -2, service) {
                answerRequest.generation.maximumTokens = limit > 0 ? limit : service.window
            }
        }
        answerRequest.context = try AnswerRequest.ContextOptions(fields)
        self.answerRequest = answerRequest
    }
}
