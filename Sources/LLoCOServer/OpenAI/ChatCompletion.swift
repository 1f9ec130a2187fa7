import LLoCO
import LLoCOModels

/// What `/v1/chat/completions` answers, whole or in chunks.
enum ChatCompletion {
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
    }

    struct Whole: Encodable {
        struct Choice: Encodable {
            let index: Int
            let message: Message
            let finishReason: String
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
        let usage: Usage
        let lloco: Basis?

        init(_ head: Head, _ answers: [Answer]) {
            (id, created, model) = (head.id, head.created, head.model)
            choices = answers.enumerated().map { index, answer in
                Choice(index: index, message: Message(content: answer.answer), finishReason: answer.finishReason)
            }
            usage = Usage(answers)
            lloco = answers.first.map(Basis.init)
        }
    }

    struct Chunk: Encodable {
        struct Choice: Encodable {
            let index: Int
            let delta: Delta
            let finishReason: String?
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
        var usage: Usage?
        var lloco: Basis?

        init(_ head: Head, _ choices: [Choice] = [], usage: Usage? = nil, lloco: Basis? = nil) {
            (id, created, model) = (head.id, head.created, head.model)
            (self.choices, self.usage, self.lloco) = (choices, usage, lloco)
        }

        /// A piece of a choice's text.
        static func text(_ head: Head, _ index: Int, _ text: String) -> Chunk {
            Chunk(head, [Choice(index: index, delta: Delta(content: text), finishReason: nil)])
        }

        /// That a choice begins.
        static func begin(_ head: Head, _ index: Int) -> Chunk {
            Chunk(head, [Choice(index: index, delta: Delta(role: "assistant", content: ""), finishReason: nil)])
        }

        /// That a choice has ended.
        static func end(_ head: Head, _ index: Int, _ answer: Answer) -> Chunk {
            Chunk(
                head, [Choice(index: index, delta: Delta(), finishReason: answer.finishReason)], lloco: Basis(answer))
        }
    }
}

extension Answer {
    /// Why it ended, in OpenAI's words.
    var finishReason: String {
        switch end {
        case .endToken, .stopString: "stop"
        case .length, .window: "length"
        }
    }
}
