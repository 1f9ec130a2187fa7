import Foundation
import LLoCOBase
import LLoCOReports
import Testing

/// The report page in a real browser.
@Suite(.serialized, .enabled(if: HeadlessBrowser.program != nil, "no Chromium: apt-get install chromium"))
struct ReportBrowserTests {
    private static let questions = 2000

    private static let page = Result {
        let hostile = ReportSample.hostile.joined(separator: " ")
        return try ReportSample.report(
            questions: questions,
            attributes: { ["task": ["why", "where", "how"][$0 % 3], "length": "\(1024 << ($0 % 3))"] },
            text: { $0 % 400 == 17 ? hostile : "" }
        ).html()
    }

    private func visit(
        _ page: String? = nil, _ fragment: String = "", runsScripts: Bool = true
    ) throws -> HeadlessBrowser.Visit {
        let browser = try HeadlessBrowser()
        defer { browser.remove() }
        let visit = try browser.visit(try page ?? Self.page.get(), fragment: fragment, runsScripts: runsScripts)
        #expect(visit.status == 0)
        return visit
    }

    private func rows(_ visit: HeadlessBrowser.Visit) -> Int {
        visit.elements.matches(of: /<button class="row"/).count
    }

    /// The status line of the list.
    private func status(_ visit: HeadlessBrowser.Visit) -> String? {
        visit.elements.firstMatch(of: /<p id="status"[^>]*>([^<]*)</).map { String($0.1) }
    }

    /// A page with thousands of answers opens without console messages.
    @Test func opens() throws {
        let found = try visit()
        #expect(found.console == [])
        #expect(status(found) == "2,000 questions")
        #expect(rows(found) == 100)
        #expect(found.elements.matches(of: /<svg/).count >= 5)
        // Hostile answers neither became elements nor ran.
        #expect(!found.elements.contains("<img") && !found.elements.contains("<title>owned"))
        #expect(found.seconds < 60)
    }

    /// Script errors and policy violations reach the console, so the other tests can fail.
    @Test func consoleReportsErrors() throws {
        let page = try Self.page.get()
        let broken = page.replacing("\"use strict\";", with: "\"use strict\"; null.x;", maxReplacements: 1)
        #expect(broken != page)
        // The script no longer matches the digest in the page's policy.
        let refused = try visit(broken)
        #expect(refused.console.contains { $0.contains("Content Security Policy") })
        #expect(rows(refused) == 0)
        let failed = try visit("<!DOCTYPE html><title>x</title><script>null.x</script>")
        #expect(failed.console.contains { $0.contains("TypeError") })
    }

    /// The search keeps the questions that contain every word.
    @Test func search() throws {
        let found = try visit(nil, "search=LIGHTHOUSE+1999")
        #expect(found.console == [])
        #expect(status(found) == "1 of 2,000 questions")
        #expect(rows(found) == 1)
        #expect(found.elements.contains("lighthouse 1999 find"))
        let none = try visit(nil, "search=no-such-word")
        #expect(status(none) == "0 of 2,000 questions")
        #expect(rows(none) == 0)
    }

    /// Filters by task and outcome, and sorting by the difference of two modes.
    @Test func filters() throws {
        let report = ReportSample.report(
            questions: Self.questions, attributes: { ["task": ["why", "where", "how"][$0 % 3]] })
        let wanted = report.records.filter { $0.mode == .full && $0.score == 100 && $0.attributes["task"] == "why" }
        #expect(wanted.count > 50)
        let found = try visit(nil, "task=why&mode=full&outcome=right")
        #expect(status(found) == "\(wanted.count) of 2,000 questions")

        let sorted = try visit(nil, "sort=1-0")
        let first = try #require(sorted.elements.firstMatch(of: /lighthouse (\d+) find/)).1
        func score(_ mode: Int) -> Double { report.records[Int(first).map { $0 * 4 + mode } ?? 0].score }
        #expect(score(1) - score(0) == 100)
        #expect(status(sorted) == "2,000 questions")
        // Unknown values are not an error.
        let odd = try visit(nil, "task=unheard&mode=x&outcome=y&sort=9-9&open=nothing")
        #expect(odd.console == [] && status(odd) == "2,000 questions")
    }

    /// An opened question shows the answers of all modes and its passages.
    @Test func opened() throws {
        let found = try visit(nil, "open=q1234")
        #expect(found.console == [])
        for place in 0..<4 { #expect(found.elements.contains("The keeper found crate \(1234 * (place + 1)) there.")) }
        #expect(found.elements.matches(of: /<article class="card series-[0-3]"/).count == 4)
        #expect(found.elements.contains(">3 passages<"))
        let hostile = try visit(nil, "open=q17")
        #expect(hostile.console == [])
        #expect(hostile.elements.contains("&lt;/script&gt;&lt;script&gt;"))
        #expect(!hostile.elements.contains("<img"))
    }

    /// Without scripts, the page shows tables and plots, and a note about the list.
    @Test func withoutScripts() throws {
        let found = try visit(nil, runsScripts: false)
        #expect(rows(found) == 0)
        #expect(found.elements.contains("<table") && found.elements.contains("<svg"))
        #expect(found.elements.contains("<noscript><p>The list of questions needs JavaScript."))
        #expect(found.elements.contains("id=\"browser\" hidden=\"\""))
    }
}
