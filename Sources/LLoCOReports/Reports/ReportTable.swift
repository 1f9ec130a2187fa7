/// A table of a report, before it is HTML or Markdown.
struct ReportTable {
    struct Column {
        var title: String
        var isNumber = true
    }

    struct Cell {
        var text: String
        /// What stands below the text: an interval.
        var note: String?
        var isStrong = false

        init(_ text: String, note: String? = nil, isStrong: Bool = false) {
            self.text = text
            self.note = note
            self.isStrong = isStrong
        }

        init(_ estimate: EvaluationReport.Estimate?, hasInterval: Bool) {
            self.init(
                estimate.map { NumberText.fixed($0.mean, 1) } ?? NumberText.absent,
                note: (hasInterval ? estimate : nil).map {
                    "\(NumberText.fixed($0.low, 1)) to \(NumberText.fixed($0.high, 1))"
                })
        }
    }

    var title: String
    /// What the figures are.
    var caption: String
    var columns: [Column]
    /// Of each the first cell names the row.
    var rows: [[Cell]]
}

extension ReportTable {
    /// A table in a region of its own that scrolls where the page is narrow.
    func write(to html: inout MarkupWriter) {
        html.element("div", ["class": "scroll", "role": "region", "tabindex": "0", "aria-label": title]) { region in
            region.element("table") { table in
                table.element("caption", text: title)
                table.element("thead") { head in
                    head.element("tr") { row in
                        for column in columns {
                            row.element(
                                "th", ["scope": "col", "class": column.isNumber ? "number" : nil], text: column.title)
                        }
                    }
                }
                table.element("tbody") { body in
                    for row in rows {
                        body.element("tr") { line in
                            for (index, cell) in row.enumerated() where index < columns.count {
                                write(cell, isHeader: index == 0, isNumber: columns[index].isNumber, to: &line)
                            }
                        }
                    }
                }
            }
        }
        html.element("p", ["class": "note"], text: caption)
    }

    private func write(_ cell: Cell, isHeader: Bool, isNumber: Bool, to line: inout MarkupWriter) {
        line.element(
            isHeader ? "th" : "td", ["scope": isHeader ? "row" : nil, "class": isNumber ? "number" : nil]
        ) { content in
            content.element(cell.isStrong ? "strong" : "span", text: cell.text)
            if let note = cell.note { content.element("small", text: note) }
        }
    }

    /// A table as GitHub's Markdown has them.
    var markdown: String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        var text = line(columns.map(\.title.escapedMarkdown))
        text += line(columns.map { $0.isNumber ? "---:" : "---" })
        for row in rows {
            text += line(
                row.map { cell in
                    let content = cell.text.escapedMarkdown
                    let note = cell.note.map { " (\($0.escapedMarkdown))" } ?? ""
                    return (cell.isStrong ? "**\(content)**" : content) + note
                })
        }
        return text
    }
}
