import LLoCO
import LLoCOBase
import LLoCOModels
import LLoCOTokenizers

/// What `/api/chat` and `/api/generate` are asked. Answers come piece by piece unless `stream` is false.
struct OllamaRequest {
    let asked: AskedQuestion

    private static let known: Set = ["model", "stream", "options", "think", "lloco"]
    /// The model is loaded for as long as the server runs.
    private static let ignored: Set = ["keep_alive"]
    private static let defaults: [String: [JSONValue]] = [
        "tools": [.array([])], "format": [.string("")], "think": [.bool(false)], "images": [.array([])],
        "suffix": [.string("")], "template": [.string("")], "context": [.array([])], "logprobs": [.bool(false)],
    ]
    private static let knownOptions: Set = ["temperature", "top_p", "seed", "num_predict", "stop"]
    /// They are about how a model is loaded, or leave the likeliest token what it is.
    private static let ignoredOptions: Set = [
        "num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "numa", "num_keep",
    ]

    /// `/api/chat`: the last message, a user's, is the question, earlier ones are history.
    static func chat(_ fields: RequestFields, _ desk: AnswerDesk) throws -> OllamaRequest {
        try OllamaRequest(fields, own: ["messages"], desk) { model in
            let (question, history) = try fields.conversation("messages", ignored: ["thinking"])
            return AskedQuestion(model: model, question: question, history: history)
        }
    }

    /// `/api/generate`: a question, or with `raw` a text to go on with.
    static func generate(_ fields: RequestFields, _ desk: AnswerDesk) throws -> OllamaRequest {
        try OllamaRequest(fields, own: ["prompt", "system", "raw"], desk) { model in
            var asked = AskedQuestion(model: model, question: try fields.string("prompt") ?? "")
            if try fields.bool("raw") == true { asked.form = .continuation(opening: "") }
            if let system = try fields.string("system"), !system.isEmpty {
                asked.history = [ChatMessage(.system, system)]
            }
            return asked
        }
    }

    private init(
        _ fields: RequestFields, own: Set<String>, _ desk: AnswerDesk, _ question: (String) throws -> AskedQuestion
    ) throws {
        try fields.check(
            known: Self.known.union(own).subtracting(["think"]), ignored: Self.ignored, defaults: Self.defaults)
        var asked = try question(fields.model())
        asked.streams = try fields.bool("stream") ?? true
        if let options = try fields.object("options") {
            try options.check(
                known: Self.knownOptions, ignored: Self.ignoredOptions,
                defaults: [
                    "repeat_penalty": [.number(1), .integer(1)], "min_p": [.number(0), .integer(0)],
                    "presence_penalty": [.number(0), .integer(0)], "frequency_penalty": [.number(0), .integer(0)],
                ])
            asked.generation.sampling = try options.sampling()
            asked.generation.stopStrings = try options.stopStrings()
            // -1 and -2 are no limit: the window is one.
            if let limit = try options.integer("num_predict", in: -2...desk.window) {
                asked.generation.maximumTokens = limit > 0 ? limit : desk.window
            }
        }
        asked.reading = try AskedQuestion.Reading(fields)
        self.asked = asked
    }
}
