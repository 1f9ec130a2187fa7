import LLoCOBase
package import LLoCODataSets
package import LLoCOReports

extension EvaluationSet {
    /// The answers of a run with all that they are judged by, in their order.
    ///
    /// - Throws: ``EvaluationError`` for an answer to none of the set's questions.
    package func predictions(of records: [EvaluationRecord]) throws -> [Prediction] {
        let questions = Dictionary(
            documents.flatMap(\.questions).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return try records.map { record in
            guard let question = questions[record.id] else {
                throw EvaluationError(
                    .invalid,
                    "\(name): an answer to '\(record.id.printable(limit: 80))', which is none of its questions")
            }
            return Prediction(
                question: question, mode: record.mode.rawValue, prediction: record.prediction,
                // One that could not be asked is nothing by likelihood, not unknown.
                choiceLogLikelihoods: question.choices.isEmpty ? nil : record.choiceLogLikelihoods ?? [])
        }
    }
}
