import LLoCOBase

/// A reader of Qasper v0.3 (Dasigi et al. 2021), questions about papers: one object whose keys are the papers' ids, or
/// Hugging Face's rows, one paper each, in which a list of objects is an object of lists.
///
/// References follow the published evaluator, one per annotator: `Unanswerable`, the extracted spans joined by ", ",
/// the free-form answer, `Yes` or `No`. `answer_type` is the evaluator's `none`, `extractive`, `abstractive` or
/// `boolean`, joined by `+` if annotators differ.
struct QasperRecords: DataRecordReader {
    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let id = try place.key ?? record.text("id")
        let title = try record.text("title")
        let list = try record.rows("qas")
        guard !list.isEmpty else { throw record.fault("qas", "is empty; expected questions") }
        let questions = try set.questions(list, place, of: id) { fields, _ in
            let answers = try Self.answers(fields)
            guard !answers.isEmpty else { throw fields.fault("answers", "is empty; expected one or more answers") }
            var attributes = ["answer_type": Self.joined(answers.map(\.type), "+")]
            let evidence = Self.joined(answers.flatMap(\.evidence), "\n\n")
            if !evidence.isEmpty { attributes["evidence"] = evidence }
            return EvaluationQuestion(
                id: try fields.text("question_id"), text: try fields.text("question"), answers: answers.map(\.text),
                metric: .f1, attributes: attributes)
        }
        guard !questions.isEmpty else { return }
        try set.add(
            EvaluationDocument(id: id, title: title, text: try Self.text(of: record, title), questions: questions),
            place)
    }

    private static func answers(_ question: JSONFields) throws -> [QasperAnswer] {
        guard question.optional("answers")?.object != nil else {
            return try question.objects("answers").map { try QasperAnswer($0.fields("answer")) }
        }
        return try question.fields("answers").objects("answer").map { try QasperAnswer($0) }
    }

    /// Title, abstract and sections, with blank lines between paragraphs.
    private static func text(of paper: JSONFields, _ title: String) throws -> String {
        var parts = [title]
        if let abstract = try paper.string("abstract") { parts += ["Abstract", abstract] }
        for section in try paper.rows("full_text") {
            if let name = try section.string("section_name") { parts.append(name) }
            parts += try section.strings("paragraphs")
        }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// The distinct parts, in order.
    private static func joined(_ parts: [String], _ separator: String) -> String {
        var seen: Set<String> = []
        return parts.filter { seen.insert($0).inserted }.joined(separator: separator)
    }
}

/// One annotator's answer.
private struct QasperAnswer {
    var text: String
    var type: String
    var evidence: [String]

    init(_ fields: JSONFields) throws {
        evidence = try fields.strings("evidence").filter { !$0.isEmpty }
        let spans = try fields.strings("extractive_spans")
        let isYes = try fields.bool("yes_no")
        if try fields.bool("unanswerable") == true {
            (text, type) = ("Unanswerable", "none")
        } else if !spans.isEmpty {
            (text, type) = (spans.joined(separator: ", "), "extractive")
        } else if let free = try fields.string("free_form_answer"), !free.isEmpty {
            (text, type) = (free, "abstractive")
        } else if let isYes {
            (text, type) = (isYes ? "Yes" : "No", "boolean")
        } else {
            throw JSONFields.Fault(
                reason:
                    "an answer without \"unanswerable\", \"extractive_spans\", \"free_form_answer\" and \"yes_no\"; "
                    + "expected one of them")
        }
    }
}
