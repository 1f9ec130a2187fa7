import LLoCOBase

/// A reader of HotpotQA (Yang et al. 2018), distractor and fullwiki: a list of questions, each with its own paragraphs,
/// two of which contain the answer.
struct HotpotQARecords: DataRecordReader {
    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let id = try record.text("_id")
        let paragraphs = try Self.paragraphs(record)
        var attributes: [String: String] = [:]
        for name in ["type", "level"] { attributes[name] = record.label(name) }
        let evidence = try Self.evidence(record, in: paragraphs)
        if !evidence.isEmpty { attributes["evidence"] = evidence.joined(separator: "\n") }
        let question = EvaluationQuestion(
            id: id, text: try record.text("question"), answers: [try record.text("answer")], metric: .f1,
            scorer: .hotpotqa, attributes: attributes)
        let text = paragraphs.map { "\($0.title)\n\($0.sentences.joined())" }.joined(separator: "\n\n")
        try set.add(EvaluationDocument(id: id, title: id, text: text, questions: [question]), place)
    }

    private struct Paragraph {
        var title: String
        /// Unchanged: each begins with its own leading blank.
        var sentences: [String]
    }

    private static func paragraphs(_ record: JSONFields) throws -> [Paragraph] {
        let paragraphs = try record.list("context", "a list of paragraphs").enumerated().map { index, value in
            guard let pair = value.array, pair.count == 2, let title = pair[0].string,
                let sentences = pair[1].array?.map(\.string), !sentences.contains(nil)
            else {
                throw record.fault(
                    "context[\(index)]", "is \(value.summary); expected a title and a list of sentences")
            }
            return Paragraph(title: title, sentences: sentences.compactMap(\.self))
        }
        guard paragraphs.contains(where: { !$0.sentences.joined().isEmpty }) else {
            throw record.fault("context", "holds no sentence; expected paragraphs")
        }
        return paragraphs
    }

    /// The supporting sentences with their titles. Fullwiki's paragraphs are retrieved, so a supporting paragraph may
    /// be missing; then only its title is given.
    private static func evidence(_ record: JSONFields, in paragraphs: [Paragraph]) throws -> [String] {
        guard record.has("supporting_facts") else { return [] }
        let places = Dictionary(paragraphs.enumerated().map { ($1.title, $0) }) { first, _ in first }
        return try record.list("supporting_facts", "a list of supporting facts").enumerated().map { index, value in
            guard let pair = value.array, pair.count == 2, let title = pair[0].string, let number = pair[1].integer
            else {
                throw record.fault(
                    "supporting_facts[\(index)]", "is \(value.summary); expected a title and a sentence's number")
            }
            let sentences = places[title].map { paragraphs[$0].sentences } ?? []
            return sentences.indices.contains(number) ? "\(title): \(sentences[number])" : title
        }
    }
}
