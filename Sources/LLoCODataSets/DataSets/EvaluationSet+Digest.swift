import Foundation
import LLoCOBase
import LLoCOTokenizers

extension EvaluationSet {
    /// The SHA-256 of everything that answers and scores depend on: texts, questions, references and scoring rules.
    public var digest: String { digest(texts: documents.map { $0.text.map { Digest.sha256($0) } }) }

    /// The digest of a set whose document texts are stored elsewhere, such as in a library.
    ///
    /// - Parameter texts: the SHA-256 of each document's text; nil for a document without a text
    public func digest(texts: [String?]) -> String {
        let documents = zip(documents, texts).map { document, text in
            let questions = document.questions.map { question in
                Self.joined(
                    [question.id, question.text, Self.measure(of: question), "\(question.correctChoice ?? -1)"]
                        + [question.answers, question.choices, question.classes].map(Self.joined)
                        + Self.form(of: question))
            }
            return Digest.sha256(Self.joined([document.id, document.title, text ?? "none"] + questions))
        }
        return Digest.sha256(Self.joined(documents))
    }

    /// Empty for a chat turn, so that digests of older runs stay valid.
    private static func form(of question: EvaluationQuestion) -> [String] {
        switch question.form {
        case .chat: []
        case .continuation(let opening): ["continuation", opening]
        }
    }

    private static func measure(of question: EvaluationQuestion) -> String {
        let (metric, scorer) = (question.metric.rawValue, question.scorer)
        return scorer == .standard ? metric : "\(metric)/\(scorer.rawValue)"
    }

    /// The parts with length prefixes, so that different lists have different encodings.
    private static func joined(_ parts: [String]) -> String {
        parts.map { "\($0.utf8.count):\($0)" }.joined()
    }
}
