import Foundation
import LLoCOBase

/// A reader of LongBench v2 (Bai et al. 2024): four choices about a long text, with difficulty and length class.
struct LongBenchV2Records: DataRecordReader {
    /// The published maximum answer length in tokens, without reasoning.
    private static let answerTokens = 128
    private static let letters = ["A", "B", "C", "D"]

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let id = try record.text("_id")
        let text = try record.text("context")
        var attributes: [String: String] = [:]
        for name in ["domain", "sub_domain", "difficulty", "length"] { attributes[name] = record.label(name) }
        let answer = try record.text("answer").trimmingCharacters(in: .whitespacesAndNewlines)
        guard let correct = Self.letters.firstIndex(of: answer) else {
            throw record.fault("answer", "is \"\(answer.printable(limit: 40))\"; expected A, B, C or D")
        }
        let question = try EvaluationQuestion.choice(
            id: id, record.text("question"), options: Self.letters.map { try record.text("choice_\($0)") },
            correct: correct, scorer: .correctAnswerIs, answerTokens: Self.answerTokens, attributes: attributes)
        try set.add(
            EvaluationDocument(id: id, title: id, text: text, questions: [question]), place, mergingEqualTexts: true)
    }
}
