import Foundation
import LLoCO

extension EvaluationSet {
    /// The SHA-256 over everything that answers and scores depend on: texts, questions, references, how they are judged.
    public var digest: String {
        let documents = documents.map { document in
            let questions = document.questions.map { question in
                Self.joined(
                    [question.id, question.text, question.metric.rawValue, "\(question.correctChoice ?? -1)"]
                        + [question.answers, question.choices, question.classes].map(Self.joined))
            }
            return Digest.sha256(
                Self.joined([document.id, document.title, Digest.sha256(document.text ?? "")] + questions))
        }
        return Digest.sha256(Self.joined(documents))
    }

    /// Parts with their lengths, so that no two lists read the same.
    private static func joined(_ parts: [String]) -> String {
        parts.map { "\($0.utf8.count):\($0)" }.joined()
    }
}
