import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOModels

/// What `/v1/chat/completions` and `/v1/completions` have in common: who is asked, and how the answer is given.
struct AnswerRequest {
    let model: String
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
        "model", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "n", "stop",
        "seed",
        "logprobs", "top_logprobs", "lloco",
    ]
    /// They say who asks, or for what the answer is kept elsewhere.
    private static let ignored: Set = [
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
    ]
    private static let defaults: [String: [JSONValue]] = [
        "frequency_penalty": [.integer(0), .number(0)], "presence_penalty": [.integer(0), .number(0)],
        "logit_bias": [.object(JSONObject())], "response_format": [.object(JSONObject(["type": .string("text")]))],
        "tools": [.array([])], "tool_choice": [.string("none")], "modalities": [.array([.string("text")])],
        "best_of": [.integer(1)], "echo": [.bool(false)], "suffix": [.string("")],
    ]

    /// - Parameter own: fields that are read elsewhere
    init(_ fields: RequestFields, own: Set<String>, _ configuration: ServerConfiguration, window: Int) throws {
        try fields.check(known: Self.known.union(own), ignored: Self.ignored, defaults: Self.defaults)
        guard let model = try fields.string("model"), !model.isEmpty else {
            throw APIError.invalid("\"model\" is missing; expected a model of /v1/models", parameter: "model")
        }
        self.model = model
        choices = try fields.integer("n", in: 1...configuration.maximumChoices) ?? 1
        streams = try fields.bool("stream") ?? false
        streamsUsage = try fields.object("stream_options")?.bool("include_usage") ?? false
        generation = try Self.generation(fields, window: window)
        reading = try Self.reading(fields)
    }

    private static func generation(_ fields: RequestFields, window: Int) throws -> GenerationOptions {
        let limit = try ["max_completion_tokens", "max_tokens"].compactMap {
            try fields.integer($0, in: 1...window)
        }
        .first
        // Asked again without a seed, other tokens are drawn.
        let seed = try fields.integer("seed", in: .min ... .max) ?? .random(in: 0 ... .max)
        // OpenAI's default is 1; here answers are the likeliest unless asked otherwise.
        let temperature = try fields.number("temperature", in: 0...2) ?? 0
        let topP = try fields.number("top_p", in: 0...1) ?? 1
        var options = GenerationOptions()
        if let limit { options.maximumTokens = limit }
        options.sampling = try SamplingOptions(
            temperature: temperature, topP: max(topP, .leastNormalMagnitude), seed: UInt64(bitPattern: Int64(seed)))
        options.stopStrings = try fields.stringOrStrings("stop")
        guard options.stopStrings.count <= 4, options.stopStrings.allSatisfy({ $0.utf8.count <= 256 }) else {
            throw APIError.invalid("\"stop\": expected at most 4 strings of at most 256 bytes", parameter: "stop")
        }
        options.likeliestTokens = try likeliestTokens(fields)
        return options
    }

    /// `logprobs` is whether, and `top_logprobs` how many, in a chat; in a completion it is how many.
    private static func likeliestTokens(_ fields: RequestFields) throws -> Int? {
        let most = 20
        guard fields.isBool("logprobs") else { return try fields.integer("logprobs", in: 0...most) }
        guard try fields.bool("logprobs") == true else { return nil }
        return try fields.integer("top_logprobs", in: 0...most) ?? 0
    }

    private static func reading(_ fields: RequestFields) throws -> Reading {
        guard let own = try fields.object("lloco") else { return Reading() }
        try own.check(known: ["documents", "mode", "budget"])
        var reading = Reading()
        if own.has("documents") { reading.documents = try own.strings("documents") }
        if let mode = try own.string("mode") { reading.mode = try answerMode(mode) }
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

    private static func answerMode(_ name: String) throws -> AnswerMode {
        guard let mode = AnswerMode(rawValue: name) else {
            let modes = AnswerMode.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError.invalid(
                "\"lloco.mode\" is \"\(name.printable(limit: 40))\"; expected \(modes)", parameter: "lloco.mode")
        }
        return mode
    }
}
