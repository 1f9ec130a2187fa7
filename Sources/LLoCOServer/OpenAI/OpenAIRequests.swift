import LLoCO
import LLoCOBase
import LLoCOModels
import LLoCOTokenizers

// What OpenAI's routes are asked. Fields that would change the answer and are not read are refused by name.

/// `/v1/chat/completions` and `/v1/completions`
struct CompletionRequest {
    let asked: AskedQuestion
    /// Whether a stream ends with what it cost
    let streamsUsage: Bool

    private static let known: Set = [
        "model", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "n", "stop",
        "seed", "logprobs", "top_logprobs", "lloco",
    ]
    /// They say who asks, or for what the answer is kept elsewhere.
    fileprivate static let ignored: Set = [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
    ]
    private static let defaults: [String: [JSONValue]] = [
        "frequency_penalty": [.integer(0), .number(0)], "presence_penalty": [.integer(0), .number(0)],
        "logit_bias": [.object(JSONObject())], "response_format": [.object(JSONObject(["type": .string("text")]))],
        "tools": [.array([])], "tool_choice": [.string("none")], "modalities": [.array([.string("text")])],
        "best_of": [.integer(1)], "echo": [.bool(false)], "suffix": [.string("")],
    ]

    /// The last message, a user's, is the question, earlier ones are history.
    static func chat(_ fields: RequestFields, _ desk: AnswerDesk) throws -> CompletionRequest {
        try CompletionRequest(fields, own: "messages", desk) { asked in
            let (question, history) = try fields.conversation("messages", ignored: ["name", "refusal", "annotations"])
            return AskedQuestion(model: asked, question: question, history: history)
        }
    }

    /// A text to go on with, behind what is read of the documents.
    static func text(_ fields: RequestFields, _ desk: AnswerDesk) throws -> CompletionRequest {
        try CompletionRequest(fields, own: "prompt", desk) { asked in
            let prompts = try fields.stringOrStrings("prompt")
            guard prompts.count == 1, let prompt = prompts.first else {
                throw APIError.invalid("\"prompt\": expected one string", parameter: "prompt")
            }
            return AskedQuestion(model: asked, question: prompt, form: .continuation(opening: ""))
        }
    }

    private init(
        _ fields: RequestFields, own: String, _ desk: AnswerDesk, _ question: (String) throws -> AskedQuestion
    ) throws {
        try fields.check(known: Self.known.union([own]), ignored: Self.ignored, defaults: Self.defaults)
        var asked = try question(fields.model())
        asked.choices = try fields.integer("n", in: 1...desk.configuration.maximumChoices) ?? 1
        asked.streams = try fields.bool("stream") ?? false
        let limit = try ["max_completion_tokens", "max_tokens"].compactMap {
            try fields.integer($0, in: 1...desk.window)
        }
        if let limit = limit.first { asked.generation.maximumTokens = limit }
        asked.generation.sampling = try fields.sampling()
        asked.generation.stopStrings = try fields.stopStrings()
        asked.generation.likeliestTokens = try Self.likeliestTokens(fields)
        asked.reading = try AskedQuestion.Reading(fields)
        self.asked = asked
        let options = try fields.object("stream_options")
        try options?.check(known: ["include_usage"], ignored: ["include_obfuscation"])
        streamsUsage = try options?.bool("include_usage") ?? false
    }

    /// `logprobs` is whether, and `top_logprobs` how many, in a chat; in a completion it is how many.
    private static func likeliestTokens(_ fields: RequestFields) throws -> Int? {
        let maximum = 20
        guard fields.isBool("logprobs") else { return try fields.integer("logprobs", in: 0...maximum) }
        guard try fields.bool("logprobs") == true else { return nil }
        return try fields.integer("top_logprobs", in: 0...maximum) ?? 0
    }
}

/// `/v1/responses`
struct ResponsesRequest {
    let asked: AskedQuestion
    let instructions: String?

    private static let known: Set = [
        "model", "input", "instructions", "stream", "temperature", "top_p", "max_output_tokens", "lloco",
    ]
    private static let ignored = CompletionRequest.ignored.union(["truncation", "include", "stream_options"])
    private static let defaults: [String: [JSONValue]] = [
        "tools": [.array([])], "tool_choice": [.string("none"), .string("auto")], "parallel_tool_calls": [.bool(true)],
        "background": [.bool(false)], "top_logprobs": [.integer(0)],
        "text": [
            .object(JSONObject(["format": .object(JSONObject(["type": .string("text")]))]))
        ],
    ]

    init(_ fields: RequestFields, _ desk: AnswerDesk) throws {
        try fields.check(known: Self.known, ignored: Self.ignored, defaults: Self.defaults)
        var asked = try Self.question(fields)
        instructions = try fields.string("instructions")
        if let instructions { asked.history.insert(ChatMessage(.system, instructions), at: 0) }
        asked.streams = try fields.bool("stream") ?? false
        if let limit = try fields.integer("max_output_tokens", in: 1...desk.window) {
            asked.generation.maximumTokens = limit
        }
        asked.generation.sampling = try fields.sampling()
        asked.reading = try AskedQuestion.Reading(fields)
        self.asked = asked
    }

    private static func question(_ fields: RequestFields) throws -> AskedQuestion {
        let model = try fields.model()
        if fields.has("input"), !fields.isList("input") {
            return AskedQuestion(model: model, question: try fields.string("input") ?? "")
        }
        let (question, history) = try fields.conversation(
            "input", ignored: ["type", "id", "status"], partTypes: ["input_text", "output_text"])
        return AskedQuestion(model: model, question: question, history: history)
    }
}

extension RequestFields {
    /// Who is asked.
    func model() throws -> String {
        guard let model = try string("model"), !model.isEmpty else {
            throw APIError.invalid("\"model\" is missing; expected a model of /v1/models", parameter: "model")
        }
        return model
    }
}
