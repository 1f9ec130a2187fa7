import LLoCO
import LLoCOBase
import LLoCOModels
import LLoCOTokenizers

// Requests of OpenAI's routes. Unsupported fields that would change the answer are refused by name.

/// A request of `/v1/chat/completions` or `/v1/completions`.
struct CompletionRequest {
    let answerRequest: AnswerRequest
    /// Whether a stream ends with the usage
    let streamsUsage: Bool

    private static let known: Set = [
        "model", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "n", "stop",
        "seed", "logprobs", "top_logprobs", "lloco",
    ]
    /// Fields about the client, or about storing and caching the answer.
    fileprivate static let ignored: Set = [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
    ]
    private static let defaults: [String: [JSONValue]] = [
        "frequency_penalty": [.integer(0), .number(0)], "presence_penalty": [.integer(0), .number(0)],
        "logit_bias": [.object(JSONObject())], "response_format": [.object(JSONObject(["type": .string("text")]))],
        "tools": [.array([])], "tool_choice": [.string("none")], "modalities": [.array([.string("text")])],
        "best_of": [.integer(1)], "echo": [.bool(false)], "suffix": [.string("")],
    ]

    /// Parses a chat. The last user message is the question, the others are the history.
    static func chat(_ fields: RequestFields, _ service: AnswerService) throws -> CompletionRequest {
        try CompletionRequest(fields, contentField: "messages", service) { model in
            let (question, history) = try fields.conversation("messages", ignored: ["name", "refusal", "annotations"])
            return AnswerRequest(model: model, question: question, history: history)
        }
    }

    /// Parses a text to continue. The documents' context stands before the text.
    static func text(_ fields: RequestFields, _ service: AnswerService) throws -> CompletionRequest {
        try CompletionRequest(fields, contentField: "prompt", service) { model in
            let prompts = try fields.stringOrStrings("prompt")
            guard prompts.count == 1, let prompt = prompts.first else {
                throw APIError.invalid("\"prompt\": expected one string", parameter: "prompt")
            }
            return AnswerRequest(model: model, question: prompt, form: .continuation(opening: ""))
        }
    }

    private init(
        _ fields: RequestFields, contentField: String, _ service: AnswerService,
        _ question: (String) throws -> AnswerRequest
    ) throws {
        try fields.check(known: Self.known.union([contentField]), ignored: Self.ignored, defaults: Self.defaults)
        var answerRequest = try question(fields.model())
        answerRequest.choices = try fields.integer("n", in: 1...service.configuration.maximumChoices) ?? 1
        answerRequest.streams = try fields.bool("stream") ?? false
        let limits = try ["max_completion_tokens", "max_tokens"].compactMap { try fields.tokenLimit($0, service) }
        if let limit = limits.first { answerRequest.generation.maximumTokens = limit }
        answerRequest.generation.sampling = try fields.sampling()
        answerRequest.generation.stopStrings = try fields.stopStrings()
        answerRequest.generation.likeliestTokens = try Self.likeliestTokens(fields)
        answerRequest.context = try AnswerRequest.ContextOptions(fields)
        self.answerRequest = answerRequest
        let options = try fields.object("stream_options")
        try options?.check(known: ["include_usage"], ignored: ["include_obfuscation"])
        streamsUsage = try options?.bool("include_usage") ?? false
    }

    /// Number of most likely tokens to report. In a chat `logprobs` is a Boolean and `top_logprobs` is the number.
    /// In a text completion `logprobs` is the number.
    private static func likeliestTokens(_ fields: RequestFields) throws -> Int? {
        let maximum = 20
        guard fields.isBool("logprobs") else { return try fields.integer("logprobs", in: 0...maximum) }
        guard try fields.bool("logprobs") == true else { return nil }
        return try fields.integer("top_logprobs", in: 0...maximum) ?? 0
    }
}

/// A request of `/v1/responses`.
struct ResponsesRequest {
    let answerRequest: AnswerRequest
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

    init(_ fields: RequestFields, _ service: AnswerService) throws {
        try fields.check(known: Self.known, ignored: Self.ignored, defaults: Self.defaults)
        var answerRequest = try Self.question(fields)
        instructions = try fields.string("instructions")
        if let instructions { answerRequest.history.insert(ChatMessage(.system, instructions), at: 0) }
        answerRequest.streams = try fields.bool("stream") ?? false
        if let limit = try fields.tokenLimit("max_output_tokens", service) {
            answerRequest.generation.maximumTokens = limit
        }
        answerRequest.generation.sampling = try fields.sampling()
        answerRequest.context = try AnswerRequest.ContextOptions(fields)
        self.answerRequest = answerRequest
    }

    private static func question(_ fields: RequestFields) throws -> AnswerRequest {
        let model = try fields.model()
        if fields.has("input"), !fields.isList("input") {
            return AnswerRequest(model: model, question: try fields.string("input") ?? "")
        }
        let (question, history) = try fields.conversation(
            "input", ignored: ["type", "id", "status"], partTypes: ["input_text", "output_text"])
        return AnswerRequest(model: model, question: question, history: history)
    }
}

extension RequestFields {
    /// The requested model.
    func model() throws -> String {
        guard let model = try string("model"), !model.isEmpty else {
            throw APIError.invalid("\"model\" is missing; expected a model of /v1/models", parameter: "model")
        }
        return model
    }
}
