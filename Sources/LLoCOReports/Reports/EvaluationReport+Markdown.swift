import LLoCOBase
import LLoCODataSets

extension EvaluationReport {
    /// The report as GitHub Markdown: settings, tables, and the questions in which two modes differ most.
    public func markdown() -> String {
        let compared = ComparedQuestions(self)
        var text = "# \(settings.data.excerpt(200).escapedMarkdown): evaluation\n\n"
        for line in settingLines {
            text += "- \(line.name): \((line.full ?? line.value).escapedMarkdown)\n"
        }
        let complete = compared.complete.count
        text += "- Questions asked in every mode: \(NumberText.count(complete))\n"
        let partial = compared.questions.count - complete
        if partial > 0 {
            text += "- Excluded because they were not asked in every mode: \(NumberText.count(partial))\n"
        }
        text += "- Malformed records skipped: \(NumberText.count(malformed.count))\n"
        for remark in remarks { text += "- \(remark.excerpt(300).escapedMarkdown)\n" }
        guard !modes.isEmpty else {
            return text + "\nNo question has been answered in any mode.\n" + malformedList
        }
        text += Self.section(modeTable)
        if !comparisons.isEmpty {
            text += Self.section(comparisonTable(metrics))
        }
        for table in groupTables(compared, limit: 60) { text += Self.section(table) }
        text += differences(compared)
        return text + malformedList
    }

    private static func section(_ table: ReportTable) -> String {
        "\n## \(table.title.escapedMarkdown)\n\n\(table.caption.escapedMarkdown)\n\n\(table.markdown)"
    }

    /// Up to ten questions with the largest advantage of the first mode, and up to ten of the second.
    private func differences(_ compared: ComparedQuestions) -> String {
        guard modes.count > 1 else { return "" }
        let (first, second) = (modes[0].mode.rawValue, modes[1].mode.rawValue)
        let ranked = compared.complete.enumerated().map { (index: $0, question: $1, by: $1.difference(0, 1) ?? 0) }
            .sorted { ($1.by, $0.index) < ($0.by, $1.index) }
        var text = ""
        for (better, worse, rows) in [
            (first, second, Array(ranked.filter { $0.by > 0 }.prefix(10))),
            (second, first, Array(ranked.filter { $0.by < 0 }.suffix(10).reversed())),
        ] where !rows.isEmpty {
            let table = ReportTable(
                title: "Where \(better) is ahead of \(worse)",
                caption: "Up to ten questions, the largest differences first.",
                columns: ["Id", "Question", "References", first, second].map { .init(title: $0, isNumber: false) }
                    + [.init(title: "Difference")],
                rows: rows.map { row in
                    let record = row.question.record
                    return [
                        .init(record.id.excerpt(60)), .init(record.question.excerpt(200)),
                        .init(record.answers.map { $0.excerpt(100) }.prefix(3).joined(separator: "; ")),
                    ]
                        + row.question.results.prefix(2).map { .init($0?.prediction.excerpt(200) ?? "") }
                        + [.init(NumberText.signed(row.by, 1))]
                })
            text += Self.section(table)
        }
        return text
    }

    private var malformedList: String {
        guard !malformed.isEmpty else { return "" }
        var text = "\n## Malformed records\n\n"
        for record in malformed.prefix(Self.listedMalformed) { text += "- \(record.description.escapedMarkdown)\n" }
        let more = malformed.count - Self.listedMalformed
        return more > 0 ? text + "- and \(NumberText.count(more)) more\n" : text
    }
}
