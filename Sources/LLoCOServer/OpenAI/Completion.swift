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
}

/// `/v1/chat/completions`
enum ChatForm: CompletionForm {
    static let prefix = "chatcmpl-"

    struct Whole: Encodable {
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

        let id: String
        let object = "chat.completion"
        let created: Int
        let model: String
        let choices: [Choice]
        let usage: Completion.Usage
        let lloco: Completion.Basis?
    }

    struct Chunk: Encodable {
        struct Choice: Encodable {
            let index: Int
            let delta: Delta
            let finishReason: String?
            var logprobs: LogProbabilities.Chat?
        }
        struct Delta: Encodable {
            var role: String?
            var content: String?
        }

        let id: String
        let object = "chat.completion.chunk"
        let created: Int
        let model: String
        let choices: [Choice]
        let usage: Completion.Usage?
        let lloco: Completion.Basis?

        init(
            _ head: Completion.Head, _ choices: [Choice], usage: Completion.Usage? = nil, lloco: Completion.Basis? = nil
        ) {
            (id, created, model) = (head.id, head.created, head.model)
            (self.choices, self.usage, self.lloco) = (choices, usage, lloco)
        }
    }

    static func whole(_ head: Completion.Head, _ answers: [Answer]) -> Whole {
        Whole(
            id: head.id, created: head.created, model: head.model,
            choices: answers.enumerated().map { index, answer in
                Whole.Choice(
                    index: index, message: Whole.Message(content: answer.answer), finishReason: answer.finishReason,
                    logprobs: LogProbabilities(answer, head.tokenizer)?.chat)
            }, usage: Completion.Usage(answers), lloco: answers.first.map(Completion.Basis.init))
    }

    static func begin(_ head: Completion.Head, _ index: Int) -> Chunk? {
        Chunk(head, [.init(index: index, delta: .init(role: "assistant", content: ""), finishReason: nil)])
    }

    static func text(_ head: Completion.Head, _ index: Int, _ text: String) -> Chunk {
        Chunk(head, [.init(index: index, delta: .init(content: text), finishReason: nil)])
    }

    static func end(_ head: Completion.Head, _ index: Int, _ answer: Answer) -> Chunk {
        let logprobs = LogProbabilities(answer, head.tokenizer)?.chat
        return Chunk(
            head, [.init(index: index, delta: .init(), finishReason: answer.finishReason, logprobs: logprobs)],
            lloco: Completion.Basis(answer))
    }

    static func usage(_ head: Completion.Head, _ answers: [Answer]) -> Chunk {
        Chunk(head, [], usage: Completion.Usage(answers))
    }
}

/// `/v1/completions`
enum TextForm: CompletionForm {
    static let prefix = "cmpl-"

    /// A whole completion and a chunk of one are of the same form.
    struct Whole: Encodable {
        struct Choice: Encodable {
            let index: Int
            let text: String
            let finishReason: String?
            var logprobs: LogProbabilities.Text?
        }

        let id: String
        let object = "text_completion"
        let created: Int
        let model: String
        let choices: [Choice]
        let usage: Completion.Usage?
        let lloco: Completion.Basis?

        init(
            _ head: Completion.Head, _ choices: [Choice], usage: Completion.Usage? = nil, lloco: Completion.Basis? = nil
        ) {
            (id, created, model) = (head.id, head.created, head.model)
            (self.choices, self.usage, self.lloco) = (choices, usage, lloco)
        }
    }

    typealias Chunk = Whole

    static func whole(_ head: Completion.Head, _ answers: [Answer]) -> Whole {
        Whole(
            head,
            answers.enumerated().map { index, answer in
                Whole.Choice(
                    index: index, text: answer.answer, finishReason: answer.finishReason,
                    logprobs: LogProbabilities(answer, head.tokenizer)?.text)
            }, usage: Completion.Usage(answers), lloco: answers.first.map(Completion.Basis.init))
    }

    static func begin(_ head: Completion.Head, _ index: Int) -> Chunk? { nil }

    static func text(_ head: Completion.Head, _ index: Int, _ text: String) -> Chunk {
        Whole(head, [.init(index: index, text: text, finishReason: nil)])
    }

    static func end(_ head: Completion.Head, _ index: Int, _ answer: Answer) -> Chunk {
        let logprobs = LogProbabilities(answer, head.tokenizer)?.text
        return Whole(
            head, [.init(index: index, text: "", finishReason: answer.finishReason, logprobs: logprobs)],
            lloco: Completion.Basis(answer))
    }

    static func usage(_ head: Completion.Head, _ answers: [Answer]) -> Chunk {
        Whole(head, [], usage: Completion.Usage(answers))
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
