import LLoCOBase

/// A reader of QuALITY v1.0.1 (Pang et al. 2022), multiple choice about articles: one line per writer and article. Two
/// writers' lines about one article make one document.
///
/// The correct option is `gold_label`, else `writer_label`, both counted from 1. Lines of the test split have neither.
struct QualityRecords: DataRecordReader {
    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let article = try record.text("article_id")
        let unit = record.label("set_unique_id")
        let text = try LeftoverMarkup.removed(from: record.text("article"))
        let list = try record.objects("questions")
        guard !list.isEmpty else { throw record.fault("questions", "is empty; expected questions with options") }
        let shared = ["source", "topic"].compactMap { name in record.label(name).map { (name, $0) } }
        let questions = try set.questions(list, place, of: unit ?? article) { fields, index in
            var attributes = Dictionary(uniqueKeysWithValues: shared)
            if let difficult = try fields.integer("difficult") {
                attributes["hard"] = difficult == 1 ? "true" : "false"
            }
            let gold = try fields.integer("gold_label")
            guard let label = try gold ?? fields.integer("writer_label"), label >= 1 else {
                throw JSONFields.Fault(
                    reason: "no \"gold_label\" and no \"writer_label\"; expected the correct option's number from 1")
            }
            if gold == nil { attributes["label"] = "writer" }
            return try EvaluationQuestion.choice(
                id: fields.label("question_unique_id") ?? "\(unit ?? article)-\(index + 1)",
                LeftoverMarkup.removed(from: fields.text("question")),
                options: fields.texts("options", of: "options").map { try LeftoverMarkup.removed(from: $0) },
                correct: label - 1, scorer: .firstLetter, attributes: attributes)
        }
        guard !questions.isEmpty else { return }
        try set.add(
            EvaluationDocument(
                id: set.hasDocument(article) ? unit ?? article : article, title: record.label("title") ?? article,
                text: text, questions: questions),
            place, mergingEqualTexts: true)
    }
}
