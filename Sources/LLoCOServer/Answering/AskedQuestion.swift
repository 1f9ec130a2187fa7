import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOModels
import LLoCOTokenizers

/// A question, whichever API it comes through.
struct AskedQuestion {
    /// Who is asked: a group, a group in a mode, or the base model
    let model: String
    let question: String
    var form = PromptForm.chat
    /// Earlier turns
    var history: [ChatMessage] = []
    var generation = GenerationOptions()
    /// How many answers are given
    var choices = 1
    /// Whether they are given piece by piece
    var streams = false
    var reading = Reading()

    /// What is read for the answer: what lloco adds to every API.
    struct Reading {
        var documents: [String]?
        var mode: AnswerMode?
        var budget: ContextBudget.Size?

        init() {}

        /// The request's field `lloco`.
        init(_ fields: RequestFields) throws {
            guard let own = try fields.object("lloco") else { return }
            try own.check(known: ["documents", "mode", "budget"])
            if own.has("documents") { documents = try own.strings("documents") }
            if let name = try own.string("mode") {
                guard let mode = AnswerMode(rawValue: name) else {
                    let modes = AnswerMode.allCases.map(\.rawValue).joined(separator: ", ")
                    throw APIError.invalid(
                        "\"lloco.mode\" is \"\(name.printable(limit: 40))\"; expected \(modes)",
                        parameter: "lloco.mode")
                }
                self.mode = mode
            }
            if let text = try own.string("budget") {
                guard let size = ContextBudget.Size(text) else {
                    throw APIError.invalid(
                        "\"lloco.budget\": expected a number of positions, or a share such as \"1/30\"",
                        parameter: "lloco.budget")
                }
                budget = size
            }
        }
    }
}

extension RequestFields {
    /// How the tokens of an answer are drawn: the likeliest unless asked otherwise, and others each time without a seed.
    func sampling() throws -> SamplingOptions {
        let seed = try integer("seed", in: .min ... .max) ?? .random(in: 0 ... .max)
        let temperature = try number("temperature", in: 0...2) ?? 0
        let topP = try number("top_p", in: 0...1) ?? 1
        return try SamplingOptions(
            temperature: temperature, topP: max(topP, .leastNormalMagnitude), seed: UInt64(bitPattern: Int64(seed)))
    }

    /// What an answer ends before.
    func stopStrings() throws -> [String] {
        guard has("stop") else { return [] }
        let strings = try stringOrStrings("stop")
        guard strings.count <= 4, strings.allSatisfy({ $0.utf8.count <= 256 }) else {
            throw APIError.invalid("\"stop\": expected at most 4 strings of at most 256 bytes", parameter: "stop")
        }
        return strings
    }

    /// The turns of a chat, the last of which is the question.
    ///
    /// - Parameters:
    ///   - key: the list of messages
    ///   - ignored: fields of a message that change nothing
    ///   - partType: what parts of text are called
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
            return ChatMessage(role, try message.content(name, partTypes))
        }
        guard let last = messages.popLast(), last.role == .user else {
            throw APIError.invalid("\"\(key)\": expected a user's message as the last", parameter: key)
        }
        return (last.content, messages)
    }

    /// A message's text: a string, or parts of text.
    private func content(_ name: String, _ types: Set<String>) throws -> String {
        guard isList("content") else { return try string("content") ?? "" }
        return try objects("content").enumerated().map { index, part in
            try part.check(known: ["type", "text"], ignored: ["annotations", "logprobs"])
            guard let type = try part.string("type"), types.contains(type), let text = try part.string("text") else {
                throw APIError.invalid(
                    "\"\(name).content[\(index)]\": expected a part of type \(types.sorted().joined(separator: " or "))",
                    parameter: "\(name).content", code: "unsupported_parameter")
            }
            return text
        }.joined(separator: "\n")
    }
}
