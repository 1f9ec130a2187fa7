import Foundation
import LLoCOBase
import LLoCODataSets
import LLoCOReports
import Testing

@Suite struct ReportHTMLTests {
    private func data(of page: String) throws -> [String: Any] {
        let start = try #require(page.range(of: "<script type=\"application/json\" id=\"data\">"))
        let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
        let json = page[start.upperBound..<end.lowerBound]
        #expect(!json.contains("<"))
        return try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    /// The page contains tables, figures and headings.
    @Test func structure() throws {
        let page = try ReportSample.report(questions: 40).html()
        let markup = Markup(page: page)
        #expect(markup.fault == nil)
        #expect(markup.texts("h1") == ["harbour.jsonl"])
        #expect(markup.texts("h2") == ["Modes", "Differences between modes", "Time", "Questions"])
        #expect(markup.all("th").allSatisfy { ["col", "row"].contains($0.attributes["scope"]) })
        #expect(markup.texts("caption").count == markup.all("table").count)
        #expect(markup.texts("figcaption").count == 3)
        #expect(markup.all("svg").allSatisfy { $0.attributes["role"] == "img" && $0.attributes["aria-label"] != nil })
        let ids = markup.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
        for reference in markup.elements.compactMap({ $0.attributes["aria-labelledby"] }) {
            #expect(ids.contains(reference))
        }
        let rows = markup.texts("tr")
        #expect(rows.contains { $0.hasPrefix("full40") && $0.contains("1,210") && $0.contains("25.0 %") })
        #expect(rows.contains { $0.hasPrefix("compressed − fullF1") })
        // Shortened identities have the whole identity as a tooltip.
        let whole = String(repeating: "c3d4", count: 16)
        #expect(markup.all("dd").contains { $0.attributes["title"] == whole && $0.text == "c3d4c3d4c3d4…" })
    }

    /// The page loads nothing: the only URL is SVG's namespace, and the policy has the digests of script and styles.
    @Test func policy() throws {
        let page = try ReportSample.report(questions: 3).html()
        let addresses = page.matches(of: /(?:https?:)?\/\/[a-z0-9]+\.[a-z.]+[^"' <]*/).map { String($0.output) }
        #expect(Set(addresses) == ["http://www.w3.org/2000/svg"])
        #expect(
            !page.contains("url(") && !page.contains("@import") && !page.contains(" style=")
                && !page.contains(" onclick="))
        let markup = Markup(page: page)
        let policy = try #require(
            markup.all("meta").first { $0.attributes["http-equiv"] == "Content-Security-Policy" }?.attributes["content"]
        )
        #expect(policy.hasPrefix("default-src 'none';"))
        #expect(!policy.contains("unsafe"))
        for (name, text) in [("script-src", ReportScript.text), ("style-src", ReportStyle.css)] {
            let hexadecimal = Digest.sha256(text)
            let source = try #require(policy.firstMatch(of: try Regex("\(name) 'sha256-([^']+)'"))?[1].substring)
            let bytes = try #require(Data(base64Encoded: String(source)))
            #expect(bytes.map { String(format: "%02x", $0) }.joined() == hexadecimal)
            #expect(page.contains(text))
        }
    }

    /// Data stays text.
    @Test func hostile() throws {
        let hostile = ReportSample.hostile.joined(separator: " ")
        var report = ReportSample.report(
            questions: 30, attributes: { ["task": "\(hostile)\($0 % 2)", hostile: "\($0 % 3)\(hostile)"] },
            malformed: [.init(file: hostile, line: 3, record: hostile, reason: hostile)], text: { _ in hostile })
        report.settings.data = hostile
        report.settings.model = hostile
        let page = try report.html()
        let markup = Markup(page: page)
        #expect(markup.fault == nil)
        #expect(markup.all("img").isEmpty)
        // Only the page's two script elements, and no end tag within the data.
        #expect(page.matches(of: /<script/).count == 2 && page.matches(of: /<\/script>/).count == 2)
        #expect(!page.unicodeScalars.contains { ["\u{202E}", "\u{2066}", "\u{0}", "\u{7}", "\u{1B}"].contains($0) })
        #expect(page.contains("⟨U+202E⟩"))
        let questions = try #require(try data(of: page)["questions"] as? [[String: Any]])
        #expect(questions.count == 30)
        #expect((questions[0]["question"] as? String)?.contains("</script><script>") == true)
        #expect((questions[0]["question"] as? String)?.contains("שלום مرحبا 漢字") == true)
    }

    /// The data contains every answer, and each passage text once.
    @Test func browserData() throws {
        var report = ReportSample.report(questions: 9)
        report.records.removeAll { $0.id == "q4" && $0.mode == .none }
        let page = try report.html()
        let found = try data(of: page)
        let questions = try #require(found["questions"] as? [[String: Any]])
        #expect(questions.map { $0["id"] as? String } == (0..<9).map { "q\($0)" })
        #expect((found["texts"] as? [String])?.count == 6)
        let results = try #require(questions[4]["results"] as? [Any])
        #expect(results.count == AnswerMode.allCases.count && results[3] is NSNull)
        let retrieval = try #require(results[2] as? [String: Any])
        #expect(retrieval["prediction"] as? String == "The keeper found crate 12 there.")
        #expect((retrieval["passages"] as? [[String: Any]])?.compactMap { $0["start"] as? Int } == [0, 700, 1400])
        #expect(page.contains("1 question not asked in every mode"))
    }

    /// Needles have one heat map per mode, lengths one plot per task.
    @Test func needles() throws {
        let depths = ["0", "25", "50", "75", "100"]
        let report = ReportSample.report(
            questions: 120,
            attributes: {
                [
                    "length": ["4096", "8192", "16384"][$0 % 3], "depth": depths[$0 / 3 % 5],
                    "task": ["single", "multi_key"][$0 / 15 % 2],
                ]
            })
        let markup = Markup(page: try report.html())
        #expect(markup.fault == nil)
        let captions = markup.texts("figcaption")
        #expect(captions.filter { $0.contains("length and depth") }.count == AnswerMode.allCases.count)
        #expect(captions.contains("single, 60 questions.") && captions.contains("multi_key, 60 questions."))
        #expect(markup.texts("summary").contains("By length and depth"))
        let compared = ComparedQuestions(report)
        let map = try #require(report.needleFigures(compared)[1].plot as? HeatMap)
        #expect(map.rows == depths && map.columns == ["4k", "8k", "16k"])
        let own = report.records.filter {
            $0.mode == .full && $0.attributes["length"] == "8192" && $0.attributes["depth"] == "25"
        }
        #expect(own.count == 8)
        let mean = own.reduce(0) { $0 + $1.score } / 8
        #expect(abs((map.values[1][1] ?? -1) - mean) < 1e-9)
        let line = try #require(report.lengthFigures(compared).first?.plot as? XYPlot)
        #expect(line.series[0].points.map(\.x) == [4096, 8192, 16_384])
    }

    /// No question, one question, one mode, non-finite figures.
    @Test func degenerate() throws {
        for report in [
            ReportSample.report(questions: 0), ReportSample.report(questions: 0, modes: []),
            ReportSample.report(questions: 1), ReportSample.report(questions: 5, modes: [.compressed]),
        ] {
            let page = try report.html()
            #expect(Markup(page: page).fault == nil)
            #expect(!page.contains(">nan") && !page.contains(">inf"))
        }
        var report = ReportSample.report(questions: 2)
        report.modes[0].scores["f1"] = .init(mean: .nan, low: -.infinity, high: .infinity)
        report.modes[1].contextTokens = .nan
        report.records[0].seconds.total = .nan
        report.records[1].scores["f1"] = .infinity
        let page = try report.html()
        #expect(Markup(page: page).fault == nil)
        #expect(!page.lowercased().contains(">nan") && !page.contains(":NaN") && !page.contains(">inf"))
    }

    /// Equal reports give equal pages.
    @Test func deterministic() throws {
        let make = { ReportSample.report(questions: 50, attributes: { ["task": "t\($0 % 3)", "hard": "\($0 % 2)"] }) }
        #expect(try make().html() == make().html())
        #expect(make().markdown() == make().markdown())
        #expect(try make().json() == make().json())
    }

    /// Medians cover the points of one bin.
    @Test func medians() {
        let points = [(10, 1), (10, 3), (10, 8), (1000, 5), (1000, 7)].map { XYPlot.Point(x: $0.0, y: $0.1) }
        let medians = EvaluationReport.medians(points, over: PlotScale(fitting: points.map(\.x)))
        #expect(medians.map(\.x) == [10, 1000])
        #expect(medians.map(\.y) == [3, 6])
    }
}
