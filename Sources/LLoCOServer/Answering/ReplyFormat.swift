import Foundation
import LLoCO
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers

/// A completed answer, with its sources in the form of the API.
struct ServedAnswer: Sendable {
    let answer: Answer
    let basis: Basis

    /// The field `lloco` of a reply: the context and the costs of an answer.
    struct Basis: Encodable, Sendable {
        struct Passage: Encodable, Sendable {
            let document: String
            /// null if the document was removed meanwhile
            @Nullable var documentId: Int64?
            let start: Int
            let end: Int
            let score: Double
        }

        let mode: String
        let documents: [String]
        let passages: [Passage]
        let contextTokens: Int
        let omissions: [String]
        let seconds: Answer.Seconds
    }

    init(_ answer: Answer, _ store: any LibraryStore) async {
        var ids: [String: Int64] = [:]
        for name in Set(answer.passages.map(\.document)) { ids[name] = try? await store.document(named: name).id }
        self.answer = answer
        basis = Basis(
            mode: answer.mode.rawValue, documents: answer.documents,
            passages: answer.passages.map {
                .init(
                    document: $0.document, documentId: ids[$0.document], start: $0.start, end: $0.end, score: $0.score)
            }, contextTokens: answer.contextTokens, omissions: answer.omissions, seconds: answer.seconds)
    }
}

/// An API's format of replies, whole or streamed.
protocol ReplyFormat: Sendable {
    associatedtype Whole: Encodable
    /// Events, or lines
    typealias Pieces = [any Encodable & Sendable]

    /// The encoding of the pieces
    static var framing: ReplyFraming { get }
    /// The reply without streaming.
    func whole(_ answers: [ServedAnswer]) -> Whole
    /// The pieces at the start of a choice.
    mutating func begin(_ index: Int) -> Pieces
    /// The pieces for a part of a choice's text.
    mutating func text(_ index: Int, _ text: String) -> Pieces
    /// The pieces at the end of a choice.
    mutating func end(_ index: Int, _ answer: ServedAnswer) -> Pieces
    /// The pieces at the end of the stream.
    mutating func finish(_ answers: [ServedAnswer]) -> Pieces
    /// The last piece if an answer fails.
    mutating func failure(_ error: APIError) -> any Encodable & Sendable
}

extension ReplyFormat {
    func failure(_ error: APIError) -> any Encodable & Sendable { error }
}

/// The fields that all parts of a reply have in common.
struct ReplyHead: Sendable {
    /// 32 hexadecimal digits
    let id = String.randomID()
    let created = Date()
    /// The requested model
    let model: String
    let tokenizer: any Tokenizer

    /// Number of prompt tokens, which all choices have in common, and total number of generated tokens.
    func tokens(_ answers: [ServedAnswer]) -> (prompt: Int, generated: Int) {
        (answers.first?.answer.promptTokens ?? 0, answers.reduce(0) { $0 + $1.answer.generatedTokens })
    }

    /// Creation time in seconds since 1970
    var seconds: Int { Int(created.timeIntervalSince1970) }
}

extension Answer {
    /// Why the answer ended, as the APIs name it.
    var finishReason: String {
        switch end {
        case .endToken, .stopString: "stop"
        case .length, .window: "length"
        }
    }
}
