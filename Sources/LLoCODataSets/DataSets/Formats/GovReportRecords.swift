import Foundation
import LLoCOBase

/// A reader of GovReport (Huang et al. 2021), reports with summaries, in all published forms: one file per report with
/// nested sections (`report` and `highlight` of the GAO, `reports` and `summary` of the CRS), lines with
/// `document_sections` and `summary_sections`, lines of plain text, and SCROLLS' `input` and `output`.
///
/// As in the paper, the summary excludes the section "What GAO Recommends".
struct GovReportRecords: DataRecordReader {
    /// The default id of a record.
    var id: String?

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let id = record.label("id") ?? place.key ?? self.id ?? "report-\(place.number)"
        let text = try Self.text(record)
        let summary = try Self.summary(record)
        for (name, text) in [("report", text), ("summary", summary)] where !text.contains(where: { !$0.isWhitespace }) {
            throw JSONFields.Fault(reason: "the \(name) is empty; expected text")
        }
        let question = EvaluationQuestion(
            id: id, text: "Summarize the report.", answers: [summary], metric: .rougeGeometricMean,
            answerTokens: ScrollsTask.govReport.answerTokens)
        try set.add(
            EvaluationDocument(id: id, title: record.label("title") ?? id, text: text, questions: [question]), place)
    }

    private static func text(_ record: JSONFields) throws -> String {
        for key in ["report", "reports", "document", "input"] where record.has(key) {
            return try paragraphs(of: key, in: record).joined(separator: "\n\n")
        }
        if record.has("document_sections") {
            let sections = try flat(record.fields("document_sections"))
            return sections.flatMap { [$0.title, $0.paragraphs] }.filter { !$0.isEmpty }.joined(separator: "\n\n")
        }
        throw JSONFields.Fault(
            reason: "no \"report\", \"reports\", \"document\" or \"input\"; expected the report's text")
    }

    private static func summary(_ record: JSONFields) throws -> String {
        if case .array = record.optional("highlight") {
            let sections = try record.objects("highlight")
            return try sections.filter { !isRecommendation(try $0.string("section_title") ?? "") }
                .flatMap { try paragraphs(of: $0, titled: false) }.joined(separator: "\n")
        }
        for key in ["highlight", "summary", "output"] where record.has(key) {
            return try paragraphs(of: key, in: record).joined(separator: "\n")
        }
        if record.has("summary_sections") {
            return try flat(record.fields("summary_sections")).filter { !isRecommendation($0.title) }
                .map(\.paragraphs).filter { !$0.isEmpty }.joined(separator: "\n")
        }
        throw JSONFields.Fault(reason: "no \"highlight\", \"summary\" or \"output\"; expected the summary")
    }

    private static func isRecommendation(_ title: String) -> Bool {
        title.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() == "what gao recommends"
    }

    /// The paragraphs of a field, which is a text, a list of texts, a section or a list of sections.
    private static func paragraphs(of key: String, in record: JSONFields) throws -> [String] {
        let value = record.optional(key)
        switch value {
        case .string(let text): return [text]
        case .object: return try paragraphs(of: record.fields(key), titled: true)
        case .array(let list) where list.allSatisfy { $0.string != nil }: return try record.strings(key)
        case .array: return try record.objects(key).flatMap { try paragraphs(of: $0, titled: true) }
        default: throw record.fault(key, value ?? .null, "a text or sections")
        }
    }

    /// The paragraphs of a section and its subsections, in order.
    private static func paragraphs(of section: JSONFields, titled: Bool) throws -> [String] {
        var parts: [String] = []
        if titled, let title = try section.string("section_title") { parts.append(title) }
        parts += try section.strings("paragraphs")
        if section.has("subsections") {
            parts += try section.objects("subsections").flatMap { try paragraphs(of: $0, titled: titled) }
        }
        return parts.filter { !$0.isEmpty }
    }

    /// Sections that are stored as a list of titles and a list of texts.
    private static func flat(_ sections: JSONFields) throws -> [(title: String, paragraphs: String)] {
        let titles = try sections.strings("title")
        let texts = try sections.strings("paragraphs")
        guard titles.count == texts.count else {
            throw sections.fault("paragraphs", "has \(texts.count) texts for \(titles.count) titles; expected the same")
        }
        return zip(titles, texts).map { ($0, $1) }
    }
}
