import Foundation
import LLoCO

/// What `/api/chat` and `/api/generate` answer: an object, or a line for each piece and a last one with what it took.
struct OllamaForm: ReplyForm {
    let head: ReplyHead
    /// Whether pieces are a message's, or plain text
    let isChat: Bool

    static let framing = ReplyFraming.lines

    struct Whole: Encodable, Sendable {
        struct Message: Encodable, Sendable {
            let role = "assistant"
            let content: String
        }

        let model: String
        let createdAt: String
        var message: Message?
        var response: String?
        let done: Bool
        var doneReason: String?
        /// Nanoseconds
        var totalDuration: Int?
        var loadDuration: Int?
        var promptEvalCount: Int?
        var promptEvalDuration: Int?
        var evalCount: Int?
        var evalDuration: Int?
        var lloco: GivenAnswer.Basis?
    }

    private func piece(_ text: String, done: Bool) -> Whole {
        Whole(
            model: head.model, createdAt: Date().formatted(.iso8601),
            message: isChat ? .init(content: text) : nil, response: isChat ? nil : text, done: done)
    }

    private func last(_ text: String, _ given: GivenAnswer) -> Whole {
        func nanoseconds(_ seconds: Double) -> Int { Int(seconds * 1e9) }
        let answer = given.answer
        var whole = piece(text, done: true)
        whole.doneReason = answer.finishReason
        whole.totalDuration = nanoseconds(answer.seconds.total)
        whole.loadDuration = 0
        (whole.promptEvalCount, whole.evalCount) = (answer.promptTokens, answer.generatedTokens)
        whole.promptEvalDuration = nanoseconds(answer.seconds.prefill)
        whole.evalDuration = nanoseconds(answer.seconds.decode)
        whole.lloco = given.basis
        return whole
    }

    func whole(_ answers: [GivenAnswer]) -> Whole { last(answers[0].answer.answer, answers[0]) }
    func begin(_ index: Int) -> Pieces { [] }
    func text(_ index: Int, _ text: String) -> Pieces { [piece(text, done: false)] }
    func end(_ index: Int, _ given: GivenAnswer) -> Pieces { [last("", given)] }
    func finish(_ answers: [GivenAnswer]) -> Pieces { [] }
    func failure(_ error: APIError) -> any Encodable & Sendable { PlainError(error: error.message) }
}
