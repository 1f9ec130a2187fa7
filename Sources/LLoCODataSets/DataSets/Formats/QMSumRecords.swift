import LLoCOBase

/// A reader of QMSum (Zhong et al. 2021): one meeting per line with general queries, and specific queries with their
/// relevant turns. Meetings have no ids, so they are named by record number.
struct QMSumRecords: DataRecordReader {
    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let id = record.label("id") ?? "meeting-\(place.number)"
        let turns = try record.objects("meeting_transcripts").map { turn in
            let speaker = try turn.string("speaker") ?? ""
            let content = try turn.string("content") ?? ""
            return speaker.isEmpty ? content : "\(speaker): \(content)"
        }
        guard !turns.isEmpty else {
            throw record.fault("meeting_transcripts", "is empty; expected turns of a speaker and a content")
        }
        var questions: [EvaluationQuestion] = []
        var count = 0
        var spanFaults: [String] = []
        for kind in ["general", "specific"] {
            let key = "\(kind)_query_list"
            guard record.has(key) else { continue }
            let list = try record.objects(key)
            count += list.count
            questions += try set.questions(list, place, of: "\(id) \(key)") { fields, index in
                var attributes = ["type": kind]
                do {
                    if let spans = try Self.spans(fields) { attributes["evidence"] = spans }
                } catch let fault as JSONFields.Fault {
                    // The turns are only evidence: the question is kept without them.
                    spanFaults.append(fault.reason)
                }
                return EvaluationQuestion(
                    id: "\(id)-\(kind)-\(index + 1)", text: try fields.text("query"),
                    answers: [try fields.text("answer")], metric: .rougeGeometricMean, attributes: attributes)
            }
        }
        for reason in spanFaults { set.remark("\(id): the relevant turns of a query are ignored: \(reason)") }
        guard count > 0 else {
            throw JSONFields.Fault(reason: "no \"general_query_list\" and no \"specific_query_list\"; expected queries")
        }
        guard !questions.isEmpty else { return }
        try set.add(
            EvaluationDocument(id: id, title: id, text: turns.joined(separator: "\n"), questions: questions), place)
    }

    /// The relevant turns of a query, such as `53-72, 80-81`; nil if there are none.
    private static func spans(_ query: JSONFields) throws -> String? {
        guard query.has("relevant_text_span") else { return nil }
        let spans = try query.list("relevant_text_span", "a list of first and last turns").map { span in
            let ends = (span.array ?? []).compactMap { $0.string ?? $0.integer.map(String.init) }
            guard ends.count == 2, span.array?.count == 2 else {
                throw query.fault("relevant_text_span", "holds \(span.summary); expected a first and a last turn")
            }
            return ends.joined(separator: "-")
        }
        return spans.isEmpty ? nil : spans.joined(separator: ", ")
    }
}
