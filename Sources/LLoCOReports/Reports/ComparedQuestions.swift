import LLoCOBase

/// A report's records as questions: each with its answers in every mode.
package struct ComparedQuestions {
    struct Question {
        /// The question, its references, its document: the same in every mode.
        var record: EvaluationRecord
        /// In the order of the report's modes; nil where it was not asked.
        var results: [EvaluationRecord?]

        var isComplete: Bool { !results.contains { $0 == nil } }

        /// The score in one mode less that in another; nil where it was not asked in both.
        func difference(_ first: Int, _ second: Int) -> Double? {
            guard let one = results[first], let other = results[second] else { return nil }
            return one.score - other.score
        }
    }

    let modes: [AnswerMode]
    /// In the order in which they were asked.
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

    /// Those that were asked in every mode: what figures are of.
    var complete: [Question] { questions.filter(\.isComplete) }

    /// The values of an attribute: numbers by size, other text by its bytes.
    static func sorted(_ values: some Sequence<String>) -> [String] {
        let values = Array(Set(values))
        let numbers = values.map { number($0) }
        if !numbers.contains(where: { $0 == nil }) {
            return zip(values, numbers).map { ($0, $1 ?? 0) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
        }
        return values.sorted()
    }

    /// An attribute as a number: `4096`, `0.5`, `50%`.
    static func number(_ value: String) -> Double? {
        guard let number = Double(value.hasSuffix("%") ? String(value.dropLast()) : value), number.isFinite else {
            return nil
        }
        return number
    }
}
