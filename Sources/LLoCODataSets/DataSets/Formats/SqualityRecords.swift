import LLoCOBase

/// A reader of SQuALITY v1.3 (Wang et al. 2022): one story per line; four writers answer each question with a summary.
/// The first question is always about the plot.
struct SqualityRecords: DataRecordReader {
    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let metadata = try record.fields("metadata")
        guard let id = metadata.label("passage_id") ?? metadata.label("uid") else {
            throw metadata.fault("passage_id", "is missing; expected the story's id")
        }
        let text = try record.text("document")
        let list = try record.objects("questions")
        guard !list.isEmpty else { throw record.fault("questions", "is empty; expected questions") }
        let questions = try set.questions(list, place, of: id) { fields, index in
            let number = try fields.integer("question_number") ?? index + 1
            let responses = try fields.objects("responses").map { try $0.text("response_text") }
            guard !responses.isEmpty else {
                throw fields.fault("responses", "is empty; expected one or more responses")
            }
            return EvaluationQuestion(
                id: "\(id)-\(number)", text: try fields.text("question_text"), answers: responses,
                metric: .rougeGeometricMean, attributes: ["type": number == 1 ? "plot" : "specific"])
        }
        guard !questions.isEmpty else { return }
        try set.add(EvaluationDocument(id: id, title: id, text: text, questions: questions), place)
    }
}
