import LLoCOBase
import LLoCOTokenizers

/// What `/v1/chat/completions` asks: the last message, a user's, is the question, earlier ones are history.
struct ChatRequest {
    let answer: AnswerRequest
    let question: String
    let history: [ChatMessage]

    init(_ body: [UInt8], _ configuration: ServerConfiguration, window: Int) throws {
        let fields = try RequestFields(body)
        answer = try AnswerRequest(fields, own: ["messages"], configuration, window: window)
        (question, history) = try Self.conversation(fields)
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
}
