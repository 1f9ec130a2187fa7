/// A table of a report, to be written as HTML or Markdown.
struct ReportTable {
    struct Column {
        var title: String
        var isNumber = true
    }

    struct Cell {
        var text: String
        /// The interval below the text.
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
    /// The explanation of the figures.
    var caption: String
    var columns: [Column]
    /// The rows; the first cell names the row.
    var rows: [[Cell]]
}

extension ReportTable {
    /// Writes the table in a region that scrolls on narrow pages.
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

    /// The table as GitHub Markdown.
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
