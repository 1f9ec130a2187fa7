import Foundation
import LLoCODataSets
import LLoCOReports
import LLoCOTokenizers
import Testing

/// The report page under keyboard and mouse input.
@Suite(.serialized, .enabled(if: WebDriver.isThere, "no chromedriver: apt-get install chromium chromium-driver curl"))
struct ReportInteractionTests {
    /// Typing filters the list, keys open questions and move between them, and the console stays empty.
    @Test func typing() async throws {
        let report = ReportSample.report(
            questions: 2000, attributes: { ["task": ["why", "where", "how"][$0 % 3]] })
        try await with(WebDriver()) { try await use($0, report) }
    }

    /// On a narrow screen, only tables are wider than the screen, whatever the answers are.
    @Test func narrow() async throws {
        let long = String(repeating: "lighthousekeeper", count: 60) + ReportSample.hostile.joined(separator: " ")
        let report = ReportSample.report(
            questions: 60,
            attributes: { ["task": "t\($0 % 2)", "length": "\(4096 << ($0 % 3))", long: "\($0 % 3)\(long)"] },
            malformed: [.init(file: long, reason: long)], text: { _ in long })
        try await with(WebDriver(width: 400, height: 800)) { driver in
            try await driver.open(try report.html())
            try await driver.click("#list button.row")
            #expect(try await driver.waits(for: "document.querySelector('#list .card')"))
            let widths =
                try await driver.evaluate(
                    "document.querySelectorAll('details').forEach((one) => { one.open = true; });"
                        + "return [document.documentElement.scrollWidth, innerWidth]") as? [Int]
            let found = try #require(widths)
            #expect(found.count == 2 && found[0] <= found[1] && found[1] <= 520, "\(found)")
            #expect(try await driver.console() == [])
        }
    }

    private func with(_ driver: WebDriver, _ body: (WebDriver) async throws -> Void) async throws {
        do {
            try await body(driver)
        } catch {
            await driver.close()
            throw error
        }
        await driver.close()
    }

    private func use(_ driver: WebDriver, _ report: EvaluationReport) async throws {
        try await driver.open(try report.html())
        let status = "document.getElementById('status').textContent"
        #expect(try await driver.evaluate("return \(status)") as? String == "2,000 questions")

        try await driver.click("#more")
        #expect(try await driver.waits(for: "document.querySelectorAll('#list button.row').length === 200"))

        try await driver.type("rocks LIGHTHOUSE 99", into: "input[type=search]")
        var texts: [String: String] = [:]
        for record in report.records {
            texts[record.id, default: ""] +=
                ([record.id, record.document, record.question, record.prediction] + record.answers)
                .joined(separator: "\n")
        }
        let matching = texts.values.filter { $0.contains("99") }
        #expect(try await driver.waits(for: "\(status) === '\(matching.count) of 2,000 questions'"))
        #expect(try await driver.evaluate("return location.hash") as? String == "#search=rocks+LIGHTHOUSE+99")

        // With the keyboard only: open the first question, move to the second.
        try await driver.type("\u{E007}", into: "#list button.row")
        #expect(try await driver.waits(for: "document.querySelector('#list li .detail .card')"))
        #expect(
            try await driver.evaluate(
                "return document.querySelector('#list button.row').getAttribute('aria-expanded')") as? String == "true")
        try await driver.type("\u{E015}", into: "#list button.row")
        #expect(
            try await driver.evaluate(
                "return [...document.querySelectorAll('#list button.row')].indexOf(document.activeElement)") as? Int
                == 1)

        // A passage's text is added when it is opened.
        #expect(try await driver.evaluate("return document.querySelectorAll('blockquote').length") as? Int == 0)
        try await driver.click("#list .card details summary")
        #expect(try await driver.waits(for: "document.querySelectorAll('blockquote').length === 3"))

        // Ten searches and sorts of all questions must not freeze the page.
        let milliseconds = try await driver.evaluate(
            """
            const start = performance.now();
            const select = [...document.querySelectorAll('#controls select')].pop();
            for (let i = 0; i < 10; i++) {
              select.value = i % 2 ? '0-1' : '1-0';
              select.dispatchEvent(new Event('change'));
              document.body.offsetHeight;
            }
            return performance.now() - start;
            """)
        #expect((milliseconds as? NSNumber).map { $0.doubleValue < 5000 } == true)

        #expect(try await driver.console() == [])
        _ = try await driver.evaluate("console.error('heard')")
        #expect(try await driver.console().contains { $0.contains("heard") })
    }
}
