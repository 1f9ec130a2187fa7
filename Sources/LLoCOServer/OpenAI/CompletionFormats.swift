import LLoCO
import LLoCOModels
import LLoCOTokenizers

/// The types that chat and text completions have in common.
enum Completion {
    struct Usage: Encodable {
        let promptTokens: Int
        let completionTokens: Int
        let totalTokens: Int

        init(_ head: ReplyHead, _ answers: [ServedAnswer]) {
            (promptTokens, completionTokens) = head.tokens(answers)
            totalTokens = promptTokens + completionTokens
        }
    }

    /// A completion, or a chunk of one.
    struct Envelope<Choice: Encodable & Sendable>: Encodable, Sendable {
        let id: String
        let object: String
        let created: Int
        let model: String
        let choices: [Choice]
        let usage: Usage?
        let lloco: ServedAnswer.Basis?

        init(
            _ head: ReplyHead, _ prefix: String, _ object: String, _ choices: [Choice], usage: Usage? = nil,
            lloco: ServedAnswer.Basis? = nil
        ) {
            (id, created, model) = (prefix + head.id, head.seconds, head.model)
            (self.object, self.choices, self.usage, self.lloco) = (object, choices, usage, lloco)
        }
    }
}

/// Replies of `/v1/chat/completions`.
struct ChatFormat: ReplyFormat {
    let head: ReplyHead
    let streamsUsage: Bool

    static let framing = ReplyFraming.events

    struct Choice: Encodable, Sendable {
        let index: Int
        let message: Message
        let finishReason: String
        let logprobs: LogProbabilities.Chat?
    }
    struct Message: Encodable, Sendable {
        let role = "assistant"
        let content: String
    }
    struct ChunkChoice: Encodable, Sendable {
        let index: Int
        let delta: Delta
        var finishReason: String?
        var logprobs: LogProbabilities.Chat?
    }
    struct Delta: Encodable, Sendable {
        var role: String?
        var content: String?
    }

    func whole(_ answers: [ServedAnswer]) -> Completion.Envelope<Choice> {
        let choices = answers.enumerated().map { index, served in
            Choice(
                index: index, message: Message(content: served.answer.answer), finishReason: served.answer.finishReason,
                logprobs: LogProbabilities(served.answer, head.tokenizer)?.chat)
        }
        return .init(
            head, "chatcmpl-", "chat.completion", choices, usage: .init(head, answers), lloco: answers.first?.basis)
    }

    private func chunk(
        _ choices: [ChunkChoice], usage: Completion.Usage? = nil, lloco: ServedAnswer.Basis? = nil
    ) -> Pieces {
        [
            Completion.Envelope<ChunkChoice>(
                head, "chatcmpl-", "chat.completion.chunk", choices, usage: usage, lloco: lloco)
        ]
    }

    func begin(_ index: Int) -> Pieces {
        chunk([ChunkChoice(index: index, delta: Delta(role: "assistant", content: ""))])
    }

    func text(_ index: Int, _ text: String) -> Pieces {
        chunk([ChunkChoice(index: index, delta: Delta(content: text))])
    }

    func end(_ index: Int, _ served: ServedAnswer) -> Pieces {
        let choice = ChunkChoice(
            index: index, delta: Delta(), finishReason: served.answer.finishReason,
            logprobs: LogProbabilities(served.answer, head.tokenizer)?.chat)
        return chunk([choice], lloco: served.basis)
    }

    func finish(_ answers: [ServedAnswer]) -> Pieces {
        streamsUsage ? chunk([], usage: .init(head, answers)) : []
    }
}

/// Replies of `/v1/completions`. A whole completion and a chunk have the same fields.
struct TextFormat: ReplyFormat {
    let head: ReplyHead
    let streamsUsage: Bool

    static let framing = ReplyFraming.events

    struct Choice: Encodable, Sendable {
        let index: Int
        let text: String
        var finishReason: String?
        var logprobs: LogProbabilities.Text?
    }

    private func envelope(
        _ choices: [Choice], usage: Completion.Usage? = nil, lloco: ServedAnswer.Basis? = nil
    ) -> Completion.Envelope<Choice> {
        .init(head, "cmpl-", "text_completion", choices, usage: usage, lloco: lloco)
    }

    func whole(_ answers: [ServedAnswer]) -> Completion.Envelope<Choice> {
        let choices = answers.enumerated().map { index, served in
            Choice(
                index: index, text: served.answer.answer, finishReason: served.answer.finishReason,
                logprobs: LogProbabilities(served.answer, head.tokenizer)?.text)
        }
        return envelope(choices, usage: .init(head, answers), lloco: answers.first?.basis)
    }

    func begin(_ index: Int) -> Pieces { [] }

    func text(_ index: Int, _ text: String) -> Pieces { [envelope([Choice(index: index, text: text)])] }

    func end(_ index: Int, _ served: ServedAnswer) -> Pieces {
        let choice = Choice(
            index: index, text: "", finishReason: served.answer.finishReason,
            logprobs: LogProbabilities(served.answer, head.tokenizer)?.text)
        return [envelope([choice], lloco: served.basis)]
    }

    func finish(_ answers: [ServedAnswer]) -> Pieces {
        streamsUsage ? [envelope([], usage: .init(head, answers))] : []
    }
}
