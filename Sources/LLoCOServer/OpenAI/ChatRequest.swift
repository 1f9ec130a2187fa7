import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOModels
import LLoCOTokenizers

/// What `/v1/chat/completions` asks: the last message of a user is the question, earlier ones are history.
struct ChatRequest {
    let model: String
    let question: String
    let history: [ChatMessage]
    let generation: GenerationOptions
    let choices: Int
    let streams: Bool
    /// Whether a stream ends with what it cost
    let streamsUsage: Bool
    let reading: Reading

    /// What lloco adds: what is read for the answer.
    struct Reading {
        var documents: [String]?
        var mode: AnswerMode?
        var budget: ContextBudget.Size?
    }

    private static let known: Set = [
        "model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens",
        "n",
        "stop", "seed", "lloco",
    ]
    /// They say who asks, or for what the answer is kept elsewhere.
    private static let ignored: Set = [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
    ]
    private static let defaults: [String: [JSONValue]] = [
        "frequency_penalty": [.integer(0), .number(0)], "presence_penalty": [.integer(0), .number(0)],
        "logprobs": [.bool(false)], "top_logprobs": [.integer(0)], "logit_bias": [.object(JSONObject())],
        "response_format": [.object(JSONObject(["type": .string("text")]))], "tools": [.array([])],
        "tool_choice": [.string("none")], "modalities": [.array([.string("text")])],
    ]

    init(_ body: [UInt8], _ configuration: ServerConfiguration, window: Int) throws {
        let fields = try RequestFields(body)
        try fields.check(known: Self.known, ignored: Self.ignored, defaults: Self.defaults)
        guard let model = try fields.string("model"), !model.isEmpty else {
            throw APIError.invalid("\"model\" is missing; expected a model of /v1/models", parameter: "model")
        }
        self.model = model
        choices = try fields.integer("n", in: 1...configuration.maximumChoices) ?? 1
        streams = try fields.bool("stream") ?? false
        streamsUsage = try fields.object("stream_options")?.bool("include_usage") ?? false
        (question, history) = try Self.conversation(fields)
        generation = try Self.generation(fields, window: window)
        reading = try Self.reading(fields)
    }

    private static func conversation(_ fields: RequestFields) throws -> (String, [ChatMessage]) {
        guard fields.has("messages") else {
            throw APIError.invalid("\"messages\" is missing; expected a list of messages", parameter: "messages")
        }
        var messages = try fields.objects("messages").enumerated().map { index, message in
            let name = "messages[\(index)]"
            try message.check(known: ["role", "content"], ignored: ["name", "refusal", "annotations"])
            let role = try message.string("role") ?? ""
            guard let role = ChatMessage.Role(rawValue: role == "developer" ? "system" : role) else {
                throw APIError.invalid(
                    "\"\(name).role\": expected system, developer, user or assistant", parameter: "\(name).role")
            }
            return ChatMessage(role, try content(message, name))
        }
        guard let last = messages.popLast(), last.role == .user else {
            throw APIError.invalid("\"messages\": expected a user's message as the last", parameter: "messages")
        }
        return (last.content, messages)
    }

    /// A message's text: a string, or parts of text.
    private static func content(_ message: RequestFields, _ name: String) throws -> String {
        guard message.isList("content") else { return try message.string("content") ?? "" }
        return try message.objects("content").enumerated().map { index, part in
            guard try part.string("type") == "text", let text = try part.string("text") else {
                throw APIError.invalid(
                    "\"\(name).content[\(index)]\": expected a part of type \"text\"", parameter: "\(name).content",
                    code: "unsupported_parameter")
            }
            return text
        }.joined(separator: "\n")
    }

    private static func generation(_ fields: RequestFields, window: Int) throws -> GenerationOptions {
        let limit = try ["max_completion_tokens", "max_tokens"].lazy.compactMap {
            try fields.integer($0, in: 1...window)
        }
        .first
        let seed = try fields.integer("seed", in: .min ... .max) ?? 0
        // OpenAI's default is 1; here answers are the likeliest unless asked otherwise.
        let temperature = try fields.number("temperature", in: 0...2) ?? 0
        let topP = try fields.number("top_p", in: 0...1) ?? 1
        var options = GenerationOptions(maximumTokens: limit ?? 256)
        options.sampling = try SamplingOptions(
            temperature: temperature, topP: max(topP, .leastNormalMagnitude), seed: UInt64(bitPattern: Int64(seed)))
        options.stopStrings = try fields.stringOrStrings("stop")
        guard options.stopStrings.count <= 4 else {
            throw APIError.invalid("\"stop\": expected at most 4 strings", parameter: "stop")
        }
        return options
    }

    private static func reading(_ fields: RequestFields) throws -> Reading {
        guard let own = try fields.object("lloco") else { return Reading() }
        try own.check(known: ["documents", "mode", "budget"])
        var reading = Reading()
        if own.has("documents") { reading.documents = try own.strings("documents") }
        if let mode = try own.string("mode") { reading.mode = try answerMode(mode, parameter: "lloco.mode") }
        if let budget = try own.string("budget") {
            guard let size = ContextBudget.Size(budget) else {
                throw APIError.invalid(
                    "\"lloco.budget\": expected a number of positions, or a share such as \"1/30\"",
                    parameter: "lloco.budget")
            }
            reading.budget = size
        }
        return reading
    }

    /// A mode by its name.
    static func answerMode(_ name: String, parameter: String) throws -> AnswerMode {
        guard let mode = AnswerMode(rawValue: name) else {
            let modes = AnswerMode.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError.invalid("mode \"\(name.printable(limit: 40))\": expected \(modes)", parameter: parameter)
        }
        return mode
    }
}
