import LLoCO

/// Replies of `/v1/responses`; text only.
struct ResponsesFormat: ReplyFormat {
    let head: ReplyHead
    let request: ResponsesRequest
    /// Number of the next event
    private var number = 0
    /// The text so far
    private var fullText = ""

    static let framing = ReplyFraming.namedEvents

    init(head: ReplyHead, request: ResponsesRequest) { (self.head, self.request) = (head, request) }

    struct Whole: Encodable, Sendable {
        let id: String
        let object = "response"
        let createdAt: Int
        let status: String
        @Nullable var error: String?
        @Nullable var incompleteDetails: Incomplete?
        @Nullable var instructions: String?
        @Nullable var maxOutputTokens: Int?
        let model: String
        let output: [Message]
        let parallelToolCalls = true
        @Nullable var previousResponseId: String?
        let store = false
        let temperature: Double
        let topP: Double
        let toolChoice = "auto"
        let tools: [String] = []
        let truncation = "disabled"
        let metadata: [String: String] = [:]
        @Nullable var usage: Usage?
        let lloco: ServedAnswer.Basis?
    }
    struct Incomplete: Encodable, Sendable {
        let reason = "max_output_tokens"
    }
    struct Usage: Encodable, Sendable {
        struct Input: Encodable { let cachedTokens = 0 }
        struct Output: Encodable { let reasoningTokens = 0 }
        let inputTokens: Int
        let inputTokensDetails = Input()
        let outputTokens: Int
        let outputTokensDetails = Output()
        let totalTokens: Int
    }
    struct Message: Encodable, Sendable {
        let id: String
        let type = "message"
        let role = "assistant"
        let status: String
        let content: [Part]
    }
    struct Part: Encodable, Sendable {
        let type = "output_text"
        let text: String
        let annotations: [String] = []
    }

    /// An event. Fields without a value are omitted.
    struct Event: Encodable, Sendable, NamedPiece {
        let type: String
        let sequenceNumber: Int
        var response: Whole?
        var outputIndex: Int?
        var contentIndex: Int?
        var itemId: String?
        var item: Message?
        var part: Part?
        var delta: String?
        var text: String?
        var logprobs: [String]?
        var message: String?
        var code: String?
    }

    private var messageID: String { "msg_" + head.id }

    private func response(_ status: String, _ answers: [ServedAnswer]) -> Whole {
        let answerRequest = request.answerRequest
        let tokens = head.tokens(answers)
        return Whole(
            id: "resp_" + head.id, createdAt: head.seconds, status: status,
            incompleteDetails: status == "incomplete" ? Incomplete() : nil, instructions: request.instructions,
            maxOutputTokens: answerRequest.generation.maximumTokens, model: head.model,
            output: answers.map { message($0.answer.answer, status) },
            temperature: answerRequest.generation.sampling.temperature, topP: answerRequest.generation.sampling.topP,
            usage: answers.isEmpty
                ? nil
                : Usage(
                    inputTokens: tokens.prompt, outputTokens: tokens.generated,
                    totalTokens: tokens.prompt + tokens.generated), lloco: answers.first?.basis)
    }

    private func message(_ text: String, _ status: String) -> Message {
        Message(id: messageID, status: status, content: status == "in_progress" ? [] : [Part(text: text)])
    }

    private func status(_ answers: [ServedAnswer]) -> String {
        answers.first?.answer.finishReason == "length" ? "incomplete" : "completed"
    }

    func whole(_ answers: [ServedAnswer]) -> Whole { response(status(answers), answers) }

    private mutating func event(_ type: String, _ fill: (inout Event) -> Void = { _ in }) -> Event {
        var event = Event(type: "response." + type, sequenceNumber: number)
        number += 1
        fill(&event)
        return event
    }

    /// An event about the only part of the only message.
    private mutating func partEvent(_ type: String, _ fill: (inout Event) -> Void) -> Event {
        let id = messageID
        return event(type) {
            ($0.itemId, $0.outputIndex, $0.contentIndex) = (id, 0, 0)
            fill(&$0)
        }
    }

    mutating func begin(_ index: Int) -> Pieces {
        let (begun, empty) = (response("in_progress", []), message("", "in_progress"))
        return [
            event("created") { $0.response = begun }, event("in_progress") { $0.response = begun },
            event("output_item.added") { ($0.outputIndex, $0.item) = (0, empty) },
            partEvent("content_part.added") { $0.part = Part(text: "") },
        ]
    }

    mutating func text(_ index: Int, _ text: String) -> Pieces {
        fullText += text
        return [partEvent("output_text.delta") { ($0.delta, $0.logprobs) = (text, []) }]
    }

    mutating func end(_ index: Int, _ served: ServedAnswer) -> Pieces {
        let (text, item) = (fullText, message(fullText, status([served])))
        return [
            partEvent("output_text.done") { ($0.text, $0.logprobs) = (text, []) },
            partEvent("content_part.done") { $0.part = Part(text: text) },
            event("output_item.done") { ($0.outputIndex, $0.item) = (0, item) },
        ]
    }

    mutating func finish(_ answers: [ServedAnswer]) -> Pieces {
        let whole = whole(answers)
        return [event(whole.status) { $0.response = whole }]
    }

    mutating func failure(_ error: APIError) -> any Encodable & Sendable {
        var event = Event(type: "error", sequenceNumber: number)
        (event.message, event.code) = (error.message, error.code ?? error.type)
        return event
    }
}
