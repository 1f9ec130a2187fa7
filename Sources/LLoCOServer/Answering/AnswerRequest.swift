import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOModels
import LLoCOTokenizers

/// A request for answers, independent of the API.
struct AnswerRequest {
    /// The requested model: a group, `GROUP:MODE`, or the base model
    let model: String
    /// The question, or a text to continue
    let question: String
    var form = PromptForm.chat
    /// Earlier turns
    var history: [ChatMessage] = []
    var generation = GenerationOptions()
    /// Number of answers
    var choices = 1
    /// Whether the reply is streamed
    var streams = false
    var context = ContextOptions()

    /// The context of the answer: the field `lloco`, which every API accepts.
    struct ContextOptions {
        /// Names of documents; nil for all of the group
        var documents: [String]?
        var mode: AnswerMode?
        var budget: ContextBudget.Size?

        init() {}

        /// Parses the request's field `lloco`.
        init(_ fields: RequestFields) throws {
            guard let options = try fields.object("lloco") else { return }
            try options.check(known: ["documents", "mode", "budget"])
            if options.has("documents") { documents = try options.strings("documents") }
            if let name = try options.string("mode") {
                guard let mode = AnswerMode(rawValue: name) else {
                    let modes = AnswerMode.allCases.map(\.rawValue).joined(separator: ", ")
                    throw APIError.invalid(
                        "\"lloco.mode\" is \"\(name.printable(limit: 40))\"; expected \(modes)",
                        parameter: "lloco.mode")
                }
                self.mode = mode
            }
            if let text = try options.string("budget") {
                guard let size = ContextBudget.Size(text) else {
                    throw APIError.invalid(
                        "\"lloco.budget\": expected a number of positions, or a fraction such as \"1/30\"",
                        parameter: "lloco.budget")
                }
                budget = size
            }
        }
    }
}

extension RequestFields {
    /// The sampling options: greedy by default, with a random seed by default.
    func sampling() throws -> SamplingOptions {
        let seed = try integer("seed", in: .min ... .max) ?? .random(in: 0 ... .max)
        let temperature = try number("temperature", in: 0...2) ?? 0
        let topP = try number("top_p", in: 0...1) ?? 1
        return try SamplingOptions(
            temperature: temperature, topP: max(topP, .leastNormalMagnitude), seed: UInt64(bitPattern: Int64(seed)))
    }

    /// The requested maximum number of answer tokens, at most the context window; nil if none is requested.
    func tokenLimit(_ key: String, from minimum: Int = 1, _ service: AnswerService) throws -> Int? {
        try integer(key, in: minimum...Int(Int32.max)).map { min($0, service.window) }
    }

    /// The stop strings.
    func stopStrings() throws -> [String] {
        guard has("stop") else { return [] }
        let strings = try stringOrStrings("stop")
        guard strings.count <= 4, strings.allSatisfy({ $0.utf8.count <= 256 }) else {
            throw APIError.invalid("\"stop\": expected at most 4 strings of at most 256 bytes", parameter: "stop")
        }
        return strings
    }

    /// Parses the messages of a chat. The last user message is the question, the others are the history.
    ///
    /// - Parameters:
    ///   - key: the name of the list of messages
    ///   - ignored: fields of a message without effect
    ///   - partTypes: accepted types of text parts
    func conversation(
        _ key: String, ignored: Set<String>, partTypes: Set<String> = ["text"]
    ) throws -> (question: String, history: [ChatMessage]) {
        guard has(key) else {
            throw APIError.invalid("\"\(key)\" is missing; expected a list of messages", parameter: key)
        }
        var messages = try objects(key).enumerated().map { index, message in
            let name = "\(key)[\(index)]"
            try message.check(known: ["role", "content"], ignored: ignored)
            let role = try message.string("role") ?? ""
            guard let role = ChatMessage.Role(rawValue: role == "developer" ? "system" : role) else {
                throw APIError.invalid(
                    "\"\(name).role\": expected system, developer, user or assistant", parameter: "\(name).role")
            }
            let content = try message.content(name, partTypes)
            guard role != .user || !content.allSatisfy(\.isWhitespace) else {
                throw APIError.invalid("\"\(name).content\" is empty", parameter: "\(name).content")
            }
            return ChatMessage(role, content)
        }
        guard let last = messages.lastIndex(where: { $0.role == .user }) else {
            throw APIError.invalid("\"\(key)\": expected at least one user message", parameter: key)
        }
        return (messages.remove(at: last).content, messages)
    }

    /// A message's text: a string, or text parts.
    private func content(_ name: String, _ types: Set<String>) throws -> String {
        guard isList("content") else { return try string("content") ?? "" }
        return try objects("content").enumerated().map { index, part in
            try part.check(known: ["type", "text"], ignored: ["annotations", "logprobs"])
            guard let type = try part.string("type"), types.contains(type), let text = try part.string("text") else {
                throw APIError.invalid(
                    "\"\(name).content[\(index)]\": expected part type \(types.sorted().joined(separator: " or "))",
                    parameter: "\(name).content", code: "unsupported_parameter")
            }
            return text
        }.joined(separator: "\n")
    }
}
