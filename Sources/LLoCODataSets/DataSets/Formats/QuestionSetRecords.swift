import LLoCOBase
import LLoCODocuments

/// A reader of our own question sets (``QuestionSet``). Without a text, `title` or `id` names a document in a library.
struct QuestionSetRecords: DataRecordReader {
    var text = QuestionSet.DocumentText.optional
    /// The metric of the answers.
    var metric = Metric.f1

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let isNamed = text == .optional && !record.has("document")
        let id = try record.text(isNamed && !record.has("id") && record.has("title") ? "title" : "id")
        let questions = try record.objects("questions")
        let document = EvaluationDocument(
            id: id, title: isNamed && !record.has("title") ? id : try record.text("title"),
            text: isNamed ? nil : try record.text("document"),
            questions: try set.questions(questions, place, of: id) { fields, _ in
                EvaluationQuestion(
                    id: try fields.text("id"), text: try fields.text("question"),
                    answers: try fields.texts("answers", of: "reference answers"), metric: metric)
            })
        // A document without questions is kept as a distractor for retrieval, unless all its questions are malformed.
        if document.questions.isEmpty, !questions.isEmpty { return }
        try set.add(document, place)
    }
}
