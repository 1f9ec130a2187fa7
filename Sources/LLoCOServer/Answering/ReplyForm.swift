import Foundation
import LLoCO
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers

/// An answer, and what it rests on as clients see it.
struct GivenAnswer: Sendable {
    let answer: Answer
    let basis: Basis

    /// What an answer rests on.
    struct Basis: Encodable, Sendable {
        struct Passage: Encodable, Sendable {
            let document: String
            /// null where the document has gone meanwhile
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

/// How an API gives answers: all at once, or piece by piece.
protocol ReplyForm: Sendable {
    associatedtype Whole: Encodable
    /// Each an event, or a line
    typealias Pieces = [any Encodable & Sendable]

    /// How the pieces are written
    static var framing: ReplyFraming { get }
    func whole(_ answers: [GivenAnswer]) -> Whole
    /// A choice begins.
    mutating func begin(_ index: Int) -> Pieces
    /// A piece of a choice's text
    mutating func text(_ index: Int, _ text: String) -> Pieces
    /// A choice has ended.
    mutating func end(_ index: Int, _ answer: GivenAnswer) -> Pieces
    /// All choices have ended.
    mutating func finish(_ answers: [GivenAnswer]) -> Pieces
    /// What is said in place of the rest where an answer fails.
    mutating func failure(_ error: APIError) -> any Encodable & Sendable
}

extension ReplyForm {
    func failure(_ error: APIError) -> any Encodable & Sendable { error }
}

/// What all parts of a reply have.
struct ReplyHead: Sendable {
    /// 32 hexadecimal digits
    let id = String.randomID()
    let created = Date()
    /// The model as it was asked
    let model: String
    let tokenizer: any Tokenizer
    /// What the prompt of all choices had, and what all have generated
    func tokens(_ answers: [GivenAnswer]) -> (prompt: Int, generated: Int) {
        (answers.first?.answer.promptTokens ?? 0, answers.reduce(0) { $0 + $1.answer.generatedTokens })
    }

    var seconds: Int { Int(created.timeIntervalSince1970) }
}

extension Answer {
    /// Why it ended, in the APIs' words.
    var finishReason: String {
        switch end {
        case .endToken, .stopString: "stop"
        case .length, .window: "length"
        }
    }
}
