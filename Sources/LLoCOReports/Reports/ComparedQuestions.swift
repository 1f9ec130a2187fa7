import LLoCOBase

/// A report's records grouped by question, each with its answers in every mode.
package struct ComparedQuestions {
    struct Question {
        /// A record with the fields that are equal in every mode: question, references, document.
        var record: EvaluationRecord
        /// The records in the order of the report's modes; nil for a mode in which the question was not asked.
        var results: [EvaluationRecord?]

        var isComplete: Bool { !results.contains { $0 == nil } }

        /// The score in one mode minus that in another; nil if the question was not asked in both.
        func difference(_ first: Int, _ second: Int) -> Double? {
            guard let one = results[first], let other = results[second] else { return nil }
            return one.score - other.score
        }
    }

    let modes: [AnswerMode]
    /// The questions in the order of the records.
    let questions: [Question]

    package init(_ report: EvaluationReport) {
        modes = report.modes.map(\.mode)
        let places = Dictionary(modes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var indices: [String: Int] = [:]
        var questions: [Question] = []
        for record in report.records {
            guard let place = places[record.mode] else { continue }
            let index = indices[record.id] ?? questions.count
            if index == questions.count {
                indices[record.id] = index
                questions.append(Question(record: record, results: Array(repeating: nil, count: modes.count)))
            }
            questions[index].results[place] = record
        }
        self.questions = questions
    }

    /// The questions that were asked in every mode, which all figures are based on.
    var complete: [Question] { questions.filter(\.isComplete) }

    /// The distinct values of an attribute: ascending numbers, or sorted text.
    static func sorted(_ values: some Sequence<String>) -> [String] {
        let values = Array(Set(values))
        let numbers = values.map { number($0) }
        if !numbers.contains(where: { $0 == nil }) {
            return zip(values, numbers).map { ($0, $1 ?? 0) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
        }
        return values.sorted()
    }

    /// The number in an attribute such as `4096`, `0.5` or `50%`.
    static func number(_ value: String) -> Double? {
        guard let number = Double(value.hasSuffix("%") ? String(value.dropLast()) : value), number.isFinite else {
            return nil
        }
        return number
    }
}
