import LLoCOBase
package import LLoCODataSets
package import LLoCOReports

extension EvaluationSet {
    /// The answers of a run with everything needed to score them, in order.
    ///
    /// - Throws: ``EvaluationError`` for an answer to a question that is not in the set.
    package func predictions(of records: [EvaluationRecord]) throws -> [Prediction] {
        let questions = Dictionary(
            documents.flatMap(\.questions).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return try records.map { record in
            guard let question = questions[record.id] else {
                throw EvaluationError(
                    .invalid,
                    "\(name): an answer to '\(record.id.printable(limit: 80))', which is not one of its questions")
            }
            return Prediction(
                question: question, mode: record.mode.rawValue, prediction: record.prediction,
                // A question that could not be asked scores 0 by likelihood: its likelihoods are empty, not unknown.
                choiceLogLikelihoods: question.choices.isEmpty ? nil : record.choiceLogLikelihoods ?? [])
        }
    }
}
