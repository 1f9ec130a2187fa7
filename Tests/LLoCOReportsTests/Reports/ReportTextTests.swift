import Foundation
import LLoCOBase
import LLoCODataSets
import LLoCOReports
import Testing

/// Markdown and JSON reports.
@Suite struct ReportTextTests {
    /// The cells of a table line, including the empty ones at its ends. A backslash escapes the next character.
    private func cells(_ line: Substring) -> [String] {
        var cells = [""]
        var isEscaped = false
        for character in line {
            if character == "|", !isEscaped {
                cells.append("")
            } else {
                cells[cells.count - 1].append(character)
            }
            isEscaped = character == "\\" && !isEscaped
        }
        return cells
    }

    private func rows(_ text: String) -> [[String]] {
        text.split(separator: "\n").filter { $0.hasPrefix("|") }.map(cells)
    }

    /// Markdown has the same tables as the page.
    @Test func markdown() {
        let report = ReportSample.report(questions: 40, attributes: { ["task": "t\($0 % 2)"] })
        let text = report.markdown()
        #expect(text.hasPrefix("# harbour.jsonl: evaluation\n"))
        #expect(text.contains("- Model: \(report.settings.model)\n"))
        #expect(text.contains("- Seed: 7\n"))
        #expect(text.contains("- Adapter: none\n"))
        for title in ["Modes", "Differences between modes", "By task", "Where compressed is ahead of full"] {
            #expect(text.contains("\n## \(title)\n"))
        }
        let f1 = NumberText.fixed(report.modes[1].scores["f1"]?.mean ?? -1, 1)
        #expect(text.contains("| full | 40 | \(f1) ("))
        let ahead = rows(text).filter { $0.count == 8 && $0[1].hasPrefix(" q") }
        #expect(!ahead.isEmpty && ahead.count <= 20)
    }

    /// Rows keep their number of cells, whatever the cells contain.
    @Test func hostile() {
        let hostile = ReportSample.hostile.joined(separator: " ")
        var report = ReportSample.report(
            questions: 12, attributes: { ["task": "\(hostile)\($0 % 2)"] },
            malformed: [.init(file: hostile, reason: hostile)], text: { _ in hostile })
        report.settings.data = hostile
        let text = report.markdown()
        #expect(
            !text.contains("<script") && !text.contains("<img") && !text.contains("http://") && !text.contains("www."))
        #expect(!text.unicodeScalars.contains { ["\u{202E}", "\u{2066}", "\u{0}", "\u{1B}", "\u{2028}"].contains($0) })
        var widths: [Int] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                widths = []
                continue
            }
            widths.append(cells(line).count)
            #expect(Set(widths).count == 1, "\(line)")
        }
        #expect(text.contains("## Malformed records"))
    }

    /// The largest differences come first, for both modes.
    @Test func differences() {
        var report = ReportSample.report(questions: 30, modes: [.compressed, .full])
        for index in report.records.indices {
            let question = index / 2
            report.records[index].scores["f1"] = report.records[index].mode == .full ? 50 : Double(question * 3 + 5)
        }
        let text = report.markdown()
        let parts = text.split(separator: "## Where ").dropFirst()
        let ids = parts.map { part in
            rows(String(part)).compactMap { $0[1].firstMatch(of: /q\d+/).map { String($0.output) } }
        }
        #expect(ids == [(20..<30).reversed().map { "q\($0)" }, (0..<10).map { "q\($0)" }])
    }

    /// Empty reports say so.
    @Test func empty() {
        let text = ReportSample.report(questions: 0, modes: []).markdown()
        #expect(text.contains("No question has been answered in any mode."))
        #expect(!ReportSample.report(questions: 0).markdown().contains("nan"))
    }

    /// JSON is decoded to an equal report.
    @Test func json() throws {
        let hostile = ReportSample.hostile.joined(separator: " ")
        let report = ReportSample.report(
            questions: 9, attributes: { ["task": "t\($0)"] },
            malformed: [.init(file: "a.jsonl", line: 4, reason: "no answers; expected one or more")],
            text: { _ in hostile })
        let data = try report.json()
        #expect(try EvaluationReport(json: data) == report)
        #expect(try EvaluationReport(json: data).json() == data)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((object["settings"] as? [String: Any])?["data_digest"] as? String == report.settings.dataDigest)
    }

    /// Errors name non-finite figures and invalid JSON fields.
    @Test func faults() throws {
        var report = ReportSample.report(questions: 1)
        report.modes[1].secondsPerQuestion = .nan
        let written = #expect(throws: ReportError.self) { _ = try report.json() }
        #expect(written?.description == "report: modes[1].seconds_per_question is nan; expected a finite number")

        for (json, part) in [
            ("", "the report"), ("[]", "the report"), ("{}", "no \"settings\""), (#"{"settings": 3}"#, "settings"),
            (String(repeating: "[", count: 100_000), "the report"),
            (#"{"settings": {"data": "a", "format": "unheard\nof"}}"#, "settings.format"),
        ] {
            let error = #expect(throws: ReportError.self) {
                _ = try EvaluationReport(json: Data(json.utf8), name: "old.json")
            }
            let message = error?.description ?? ""
            #expect(message.hasPrefix("old.json: ") && message.contains(part), "\(message)")
            #expect(!message.contains("\n"))
        }
    }

    /// Text is truncated and escaped for one line.
    @Test func text() {
        #expect("a\u{202E}b\r\nc\rd".visible == "a⟨U+202E⟩b\nc\nd")
        #expect("שלום\u{200F} a\tb".visible == "שלום\u{200F} a\tb")
        #expect("a  b\n c".excerpt(10) == "a b c")
        #expect(String(repeating: "ab ", count: 1000).excerpt(5) == "ab ab…")
        #expect("<&>\"'".escapedMarkup == "&lt;&amp;&gt;&quot;&#39;")
        #expect("a|b\nc  d".escapedMarkdown == "a\\|b c d")
        #expect("http://x.invalid www.x.invalid".escapedMarkdown == "http:\\/\\/x.invalid www\\.x.invalid")
    }
}
