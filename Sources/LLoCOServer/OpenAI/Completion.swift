import LLoCO
import LLoCOModels
import LLoCOTokenizers

/// What `/v1/chat/completions` and `/v1/completions` answer, whole or in chunks.
protocol CompletionForm {
    associatedtype Whole: Encodable
    associatedtype Chunk: Encodable

    /// What ids begin with
    static var prefix: String { get }
    static func whole(_ head: Completion.Head, _ answers: [Answer]) -> Whole
    /// That a choice begins; nil where nothing says so.
    static func begin(_ head: Completion.Head, _ index: Int) -> Chunk?
    /// A piece of a choice's text.
    static func text(_ head: Completion.Head, _ index: Int, _ text: String) -> Chunk
    /// That a choice has ended.
    static func end(_ head: Completion.Head, _ index: Int, _ answer: Answer) -> Chunk
    /// What all choices have cost.
    static func usage(_ head: Completion.Head, _ answers: [Answer]) -> Chunk
}

/// What completions of both forms have.
enum Completion {
    struct Usage: Encodable {
        let promptTokens: Int
        let completionTokens: Int
        let totalTokens: Int

        init(_ answers: [Answer]) {
            // The prompt of all choices is the same one.
            promptTokens = answers.first?.promptTokens ?? 0
            completionTokens = answers.reduce(0) { $0 + $1.generatedTokens }
            totalTokens = promptTokens + completionTokens
        }
    }

    /// What an answer rests on.
    struct Basis: Encodable {
        let mode: String
        let documents: [String]
        let passages: [Answer.Passage]
        let contextTokens: Int
        let omissions: [String]
        let seconds: Answer.Seconds

        init(_ answer: Answer) {
            mode = answer.mode.rawValue
            (documents, passages) = (answer.documents, answer.passages)
            (contextTokens, omissions, seconds) = (answer.contextTokens, answer.omissions, answer.seconds)
        }
    }

    /// What all parts of a completion have.
    struct Head: Sendable {
        let id: String
        let created: Int
        let model: String
        let tokenizer: any Tokenizer
    }

    /// A completion, or a chunk of one.
    struct Envelope<Choice: Encodable>: Encodable {
        let id: String
        let object: String
        let created: Int
        let model: String
        let choices: [Choice]
        let usage: Usage?
        let lloco: Basis?

        init(_ head: Head, _ object: String, _ choices: [Choice], usage: Usage? = nil, lloco: Basis? = nil) {
            (id, created, model) = (head.id, head.created, head.model)
            (self.object, self.choices, self.usage, self.lloco) = (object, choices, usage, lloco)
        }
    }
}

/// `/v1/chat/completions`
enum ChatForm: CompletionForm {
    typealias Whole = Completion.Envelope<Choice>
    typealias Chunk = Completion.Envelope<ChunkChoice>

    struct Choice: Encodable {
        let index: Int
        let message: Message
        let finishReason: String
        let logprobs: LogProbabilities.Chat?
    }
    struct Message: Encodable {
        let role = "assistant"
        let content: String
    }
    struct ChunkChoice: Encodable {
        let index: Int
        let delta: Delta
        var finishReason: String?
        var logprobs: LogProbabilities.Chat?
    }
    struct Delta: Encodable {
        var role: String?
        var content: String?
    }

    static let prefix = "chatcmpl-"

    static func whole(_ head: Completion.Head, _ answers: [Answer]) -> Whole {
        let choices = answers.enumerated().map { index, answer in
            Choice(
                index: index, message: Message(content: answer.answer), finishReason: answer.finishReason,
                logprobs: LogProbabilities(answer, head.tokenizer)?.chat)
        }
        return Whole(
            head, "chat.completion", choices, usage: Completion.Usage(answers),
            lloco: answers.first.map(Completion.Basis.init))
    }

    private static func chunk(
        _ head: Completion.Head, _ choices: [ChunkChoice], usage: Completion.Usage? = nil,
        lloco: Completion.Basis? = nil
    ) -> Chunk {
        Chunk(head, "chat.completion.chunk", choices, usage: usage, lloco: lloco)
    }

    static func begin(_ head: Completion.Head, _ index: Int) -> Chunk? {
        chunk(head, [ChunkChoice(index: index, delta: Delta(role: "assistant", content: ""))])
    }

    static func text(_ head: Completion.Head, _ index: Int, _ text: String) -> Chunk {
        chunk(head, [ChunkChoice(index: index, delta: Delta(content: text))])
    }

    static func end(_ head: Completion.Head, _ index: Int, _ answer: Answer) -> Chunk {
        let choice = ChunkChoice(
            index: index, delta: Delta(), finishReason: answer.finishReason,
            logprobs: LogProbabilities(answer, head.tokenizer)?.chat)
        return chunk(head, [choice], lloco: Completion.Basis(answer))
    }

    static func usage(_ head: Completion.Head, _ answers: [Answer]) -> Chunk {
        chunk(head, [], usage: Completion.Usage(answers))
    }
}

/// `/v1/completions`: a whole completion and a chunk of one are of the same form.
enum TextForm: CompletionForm {
    typealias Whole = Completion.Envelope<Choice>
    typealias Chunk = Whole

    struct Choice: Encodable {
        let index: Int
        let text: String
        var finishReason: String?
        var logprobs: LogProbabilities.Text?
    }

    static let prefix = "cmpl-"
    private static let object = "text_completion"

    static func whole(_ head: Completion.Head, _ answers: [Answer]) -> Whole {
        let choices = answers.enumerated().map { index, answer in
            Choice(
                index: index, text: answer.answer, finishReason: answer.finishReason,
                logprobs: LogProbabilities(answer, head.tokenizer)?.text)
        }
        return Whole(
            head, object, choices, usage: Completion.Usage(answers), lloco: answers.first.map(Completion.Basis.init))
    }

    static func begin(_ head: Completion.Head, _ index: Int) -> Chunk? { nil }

    static func text(_ head: Completion.Head, _ index: Int, _ text: String) -> Chunk {
        Chunk(head, object, [Choice(index: index, text: text)])
    }

    static func end(_ head: Completion.Head, _ index: Int, _ answer: Answer) -> Chunk {
        let choice = Choice(
            index: index, text: "", finishReason: answer.finishReason,
            logprobs: LogProbabilities(answer, head.tokenizer)?.text)
        return Chunk(head, object, [choice], lloco: Completion.Basis(answer))
    }

    static func usage(_ head: Completion.Head, _ answers: [Answer]) -> Chunk {
        Chunk(head, object, [], usage: Completion.Usage(answers))
    }
}

extension Answer {
    /// Why it ended, in OpenAI's words.
    fileprivate var finishReason: String {
        switch end {
        case .endToken, .stopString: "stop"
        case .length, .window: "length"
        }
    }
}
