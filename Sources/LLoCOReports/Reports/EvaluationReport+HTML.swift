import Foundation
import LLoCOBase
import LLoCODataSets

extension EvaluationReport {
    /// The report as a self-contained page with tables, plots and a searchable list of the questions.
    ///
    /// The page's content security policy allows only its own script and blocks all loading. Tables and plots need no
    /// script.
    public func html() throws -> String {
        let compared = ComparedQuestions(self)
        let title = "\(settings.data): evaluation"
        var page = MarkupWriter()
        page.raw("<!DOCTYPE html>\n")
        try page.element("html", ["lang": "en"]) { html in
            html.element("head") { head in
                head.empty("meta", ["charset": "utf-8"])
                head.empty("meta", ["http-equiv": "Content-Security-Policy", "content": Self.policy])
                head.empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
                head.empty("meta", ["name": "color-scheme", "content": "light dark"])
                head.empty("meta", ["name": "referrer", "content": "no-referrer"])
                head.element("title", text: title.excerpt(120))
                head.element("style") { $0.raw(ReportStyle.css) }
            }
            try html.element("body") { body in
                body.element("header") { writeHeader(compared, to: &$0) }
                try body.element("main") { main in
                    writeScores(to: &main)
                    writeComparisons(to: &main)
                    writeGroups(compared, to: &main)
                    writeCosts(compared, to: &main)
                    try writeBrowser(compared, to: &main)
                }
                body.element("footer") { footer in
                    footer.element("p", text: "Made by lloco. This page loads and sends no data.")
                }
                body.element("script") { $0.raw(ReportScript.text) }
            }
        }
        page.raw("\n")
        return page.text
    }

    /// The content security policy: it allows the style sheet and the script by their digests, and nothing else.
    private static let policy =
        "default-src 'none'; script-src '\(digest(ReportScript.text))'; style-src '\(digest(ReportStyle.css))'; "
        + "base-uri 'none'; form-action 'none'"

    private static func digest(_ text: String) -> String {
        let digits = Array(Digest.sha256(text).utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).map { place in
            UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16) ?? 0
        }
        return "sha256-" + Data(bytes).base64EncodedString()
    }

    private func writeHeader(_ compared: ComparedQuestions, to header: inout MarkupWriter) {
        header.element("p", ["class": "kind"], text: "Evaluation")
        header.element("h1", text: settings.data.excerpt(200))
        let complete = compared.complete
        let documents = Set(complete.map(\.record.document)).count
        header.element(
            "p", ["class": "lead"],
            text: "\(Self.count(complete.count, "question")) about \(Self.count(documents, "document")), each in "
                + "\(Self.count(modes.count, "mode"))\(modes.isEmpty ? "" : ": ")"
                + modes.map(\.mode.rawValue).joined(separator: ", ") + ".")
        header.element("dl", ["class": "settings"]) { list in
            for line in settingLines {
                list.element("div") { item in
                    item.element("dt", text: line.name)
                    item.element("dd", ["title": line.full], text: line.value.excerpt(80))
                }
            }
        }
        let partial = compared.questions.count - complete.count
        if partial > 0 {
            header.element(
                "p", ["class": "warning"],
                text: "\(Self.count(partial, "question")) not asked in every mode: excluded from the figures, listed "
                    + "among the questions.")
        }
        writeMalformed(to: &header)
    }

    private func writeMalformed(to header: inout MarkupWriter) {
        if !remarks.isEmpty {
            header.element("ul", ["class": "note"]) { list in
                for remark in remarks { list.element("li", text: remark.excerpt(300)) }
            }
        }
        guard !malformed.isEmpty else {
            header.element("p", ["class": "note"], text: "No malformed records.")
            return
        }
        header.element("details", ["class": "warning"]) { details in
            details.element("summary", text: Self.count(malformed.count, "malformed record") + " skipped")
            details.element("ul") { list in
                for record in malformed.prefix(Self.listedMalformed) { list.element("li", text: record.description) }
            }
            if malformed.count > Self.listedMalformed {
                details.element(
                    "p", text: "And \(NumberText.count(malformed.count - Self.listedMalformed)) more.")
            }
        }
    }

    private func writeScores(to main: inout MarkupWriter) {
        main.element("section", ["aria-labelledby": "modes"]) { section in
            section.element("h2", ["id": "modes"], text: "Modes")
            guard !modes.isEmpty else {
                section.element("p", text: "No question has been answered in any mode.")
                return
            }
            modeTable.write(to: &section)
            Self.write(scoreFigures, to: &section)
        }
    }

    private func writeComparisons(to main: inout MarkupWriter) {
        guard let first = metrics.first, !comparisons.isEmpty else { return }
        main.element("section", ["aria-labelledby": "differences"]) { section in
            section.element("h2", ["id": "differences"], text: "Differences between modes")
            comparisonTable([first]).write(to: &section)
            let others = metrics.dropFirst().filter { metric in comparisons.contains { $0.metric == metric } }
            if !others.isEmpty {
                section.element("details") { details in
                    details.element("summary", text: "In the other metrics")
                    comparisonTable(others).write(to: &details)
                }
            }
        }
    }

    private func writeGroups(_ compared: ComparedQuestions, to main: inout MarkupWriter) {
        let tables = groupTables(compared)
        let needles = needleFigures(compared)
        let lengths = lengthFigures(compared)
        guard !tables.isEmpty || !needles.isEmpty || !lengths.isEmpty else { return }
        main.element("section", ["aria-labelledby": "groups"]) { section in
            section.element("h2", ["id": "groups"], text: "Kinds of questions")
            if !needles.isEmpty {
                section.element("h3", text: "Needle in a haystack")
                Self.write(needles, to: &section)
            }
            if !lengths.isEmpty {
                section.element("h3", text: "Score against length")
                Self.write(lengths, isSmall: true, to: &section)
            }
            for table in tables {
                section.element("details", ["open": table.title == tables.first?.title ? "" : nil]) { details in
                    details.element("summary", text: table.title)
                    table.write(to: &details)
                }
            }
        }
    }

    private func writeCosts(_ compared: ComparedQuestions, to main: inout MarkupWriter) {
        guard let figure = timeFigure(compared) else { return }
        main.element("section", ["aria-labelledby": "time"]) { section in
            section.element("h2", ["id": "time"], text: "Time")
            Self.write([figure], to: &section)
        }
    }

    /// Writes the empty list of questions and its data; the script fills the list.
    private func writeBrowser(_ compared: ComparedQuestions, to main: inout MarkupWriter) throws {
        guard !compared.questions.isEmpty else { return }
        let data = try QuestionBrowserData(compared).json()
        main.element("section", ["aria-labelledby": "questions"]) { section in
            section.element("h2", ["id": "questions"], text: "Questions")
            section.element("noscript") { $0.element("p", text: "The list of questions needs JavaScript.") }
            section.element("div", ["id": "browser", "hidden": ""]) { browser in
                browser.element("div", ["class": "controls", "id": "controls", "role": "search"]) { _ in }
                browser.element("p", ["id": "status", "role": "status"]) { _ in }
                browser.element("div", ["id": "head", "class": "row head", "aria-hidden": "true"]) { _ in }
                browser.element("ol", ["id": "list"]) { _ in }
                browser.element("button", ["id": "more", "type": "button", "hidden": ""], text: "Show more")
            }
            section.element("script", ["type": "application/json", "id": "data"]) { $0.raw(data) }
        }
    }

    private static func write(_ figures: [ReportFigure], isSmall: Bool = false, to section: inout MarkupWriter) {
        section.element("div", ["class": isSmall ? "figures small" : "figures"]) { group in
            for figure in figures {
                group.element("figure") { content in
                    content.raw(figure.plot.svg())
                    content.element("figcaption", text: figure.caption)
                }
            }
        }
    }

    private static func count(_ count: Int, _ noun: String) -> String {
        "\(NumberText.count(count)) \(noun)\(count == 1 ? "" : "s")"
    }
}
