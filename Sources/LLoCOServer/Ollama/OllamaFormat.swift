import Foundation
import LLoCO

/// Replies of `/api/chat` and `/api/generate`: an object, or one line per piece and a last line with the costs.
struct OllamaFormat: ReplyFormat {
    let head: ReplyHead
    /// Whether the text is in a message, as in `/api/chat`
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
        var lloco: ServedAnswer.Basis?
    }

    private func piece(_ text: String, done: Bool) -> Whole {
        Whole(
            model: head.model, createdAt: Date().formatted(.iso8601),
            message: isChat ? .init(content: text) : nil, response: isChat ? nil : text, done: done)
    }

    private func last(_ text: String, _ served: ServedAnswer) -> Whole {
        func nanoseconds(_ seconds: Double) -> Int { Int(seconds * 1e9) }
        let answer = served.answer
        var whole = piece(text, done: true)
        whole.doneReason = answer.finishReason
        whole.totalDuration = nanoseconds(answer.seconds.total)
        whole.loadDuration = 0
        (whole.promptEvalCount, whole.evalCount) = (answer.promptTokens, answer.generatedTokens)
        whole.promptEvalDuration = nanoseconds(answer.seconds.prefill)
        whole.evalDuration = nanoseconds(answer.seconds.decode)
        whole.lloco = served.basis
        return whole
    }

    func whole(_ answers: [ServedAnswer]) -> Whole { last(answers[0].answer.answer, answers[0]) }
    func begin(_ index: Int) -> Pieces { [] }
    func text(_ index: Int, _ text: String) -> Pieces { [piece(text, done: false)] }
    func end(_ index: Int, _ served: ServedAnswer) -> Pieces { [last("", served)] }
    func finish(_ answers: [ServedAnswer]) -> Pieces { [] }
    func failure(_ error: APIError) -> any Encodable & Sendable { PlainError(error: error.message) }
}
