import LLoCOBase
import LLoCODocuments

/// A reader of TriviaQA (Joshi et al. 2017): questions, the answer's aliases, and the names of the evidence files,
/// which become the question's document.
///
/// The published scorer compares with `NormalizedAliases`, which are the normalized value and aliases
/// (``Scorer/triviaqa``). The value and the aliases are references too, for readable output.
struct TriviaQARecords: DataRecordReader {
    let evidence: EvidenceFolder
    let limits: DataFileLimits

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let id = try record.text("QuestionId")
        let question = try record.text("Question")
        let answers = try Self.answers(record.fields("Answer"))
        var texts: [String] = []
        var names: [String] = []
        var bytes = 0
        for (key, folder) in [("EntityPages", "wikipedia"), ("SearchResults", "web")] where record.has(key) {
            for source in try record.objects(key) {
                // Unfiltered search results have no files.
                guard let name = try source.string("Filename"), !name.isEmpty else { continue }
                guard !names.contains("\(folder)/\(name)") else { continue }
                names.append("\(folder)/\(name)")
                let text = try evidence.text(of: name, in: [folder], limits: limits)
                bytes += text.utf8.count
                guard bytes <= limits.recordBytes else {
                    throw JSONFields.Fault(reason: "the evidence holds more than \(limits.recordBytes) bytes")
                }
                texts.append(text)
            }
        }
        guard !texts.isEmpty else {
            throw JSONFields.Fault(
                reason: "no \"Filename\" in \"EntityPages\" or \"SearchResults\"; expected the evidence's file")
        }
        var attributes = ["evidence": names.joined(separator: ", ")]
        attributes["type"] = try record.fields("Answer").label("Type")
        attributes["source"] = record.label("QuestionSource")
        try set.add(
            EvaluationDocument(
                id: id, title: id, text: texts.joined(separator: "\n\n"),
                questions: [
                    EvaluationQuestion(
                        id: id, text: question, answers: answers, metric: .f1, scorer: .triviaqa,
                        attributes: attributes)
                ]),
            place)
    }

    private static func answers(_ answer: JSONFields) throws -> [String] {
        let value = try answer.string("Value").map { [$0] } ?? []
        let all = try value + ["Aliases", "NormalizedAliases", "HumanAnswers"].flatMap { try answer.strings($0) }
        var seen: Set<String> = []
        let answers = all.filter { !$0.isEmpty && seen.insert($0).inserted }
        guard !answers.isEmpty else {
            throw answer.fault("Value", "and \"Aliases\" and \"NormalizedAliases\" are empty; expected an answer")
        }
        return answers
    }
}
