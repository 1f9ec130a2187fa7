import LLoCOBase

/// A reader of SQuAD 1.1 and 2.0 (Rajpurkar et al. 2016, 2018) as published: articles under `data`; each paragraph
/// becomes a document.
///
/// A question with `is_impossible` belongs to 2.0 and is scored as by its script (``Scorer/squad2``). Unanswerable
/// questions have the reference `unanswerable`, and every question of 2.0 asks for this word if the text has no answer.
struct SquadRecords: DataRecordReader {
    private static let request = "If the text does not say, answer \"\(Scorer.noAnswer)\"."

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let title = try record.text("title")
        let paragraphs = try record.objects("paragraphs")
        guard !paragraphs.isEmpty else { throw record.fault("paragraphs", "is empty; expected paragraphs") }
        for (index, paragraph) in paragraphs.enumerated() {
            let id = "\(title)-\(index + 1)"
            do {
                let text = try paragraph.text("context")
                let questions = try set.questions(paragraph.objects("qas"), place, of: id) { fields, _ in
                    try Self.question(fields)
                }
                guard !questions.isEmpty else { continue }
                try set.add(
                    EvaluationDocument(id: id, title: title, text: text, questions: questions), place,
                    mergingEqualTexts: true)
            } catch let fault as JSONFields.Fault {
                try set.reject(fault, place, record: id)
            }
        }
    }

    private static func question(_ fields: JSONFields) throws -> EvaluationQuestion {
        let (id, text) = (try fields.text("id"), try fields.text("question"))
        var answers: [String] = []
        for answer in try fields.objects("answers").map({ try $0.text("text") }) where !answers.contains(answer) {
            answers.append(answer)
        }
        guard let isImpossible = try fields.bool("is_impossible") else {
            guard !answers.isEmpty else { throw fields.fault("answers", "is empty; expected one or more answers") }
            return EvaluationQuestion(id: id, text: text, answers: answers, metric: .f1)
        }
        guard isImpossible == answers.isEmpty else {
            throw fields.fault(
                "is_impossible", "is \(isImpossible), and \"answers\" holds \(answers.count); expected answers or none")
        }
        return EvaluationQuestion(
            id: id, text: "\(text)\n\(request)", originalText: text,
            answers: isImpossible ? [Scorer.noAnswer] : answers, metric: .f1, scorer: .squad2,
            attributes: ["answerable": isImpossible ? "false" : "true"])
    }
}
