import Foundation

/// A heat map: a grid of coloured cells with their values, and a colour scale below.
public struct HeatMap: Plot {
    private static let cellHeight = 24.0
    private static let head = 22.0
    private static let foot = 92.0

    /// The text alternative.
    public var summary: String
    /// The label of the columns' axis.
    public var columnLabel: String
    /// The label of the rows' axis.
    public var rowLabel: String
    /// The column names.
    public var columns: [String]
    /// The row names.
    public var rows: [String]
    /// The values `[rows][columns]`; nil for an empty cell.
    public var values: [[Double?]]
    /// The values of the first and the last colour; default 0...100.
    public var range: ClosedRange<Double>
    /// Width in pixels; default 500.
    public var width: Double

    /// Creates a heat map.
    ///
    /// - Parameter values: `[rows][columns]`; missing and non-finite values become empty cells
    public init(
        summary: String, columnLabel: String, rowLabel: String, columns: [String], rows: [String],
        values: [[Double?]], range: ClosedRange<Double> = 0...100, width: Double = 500
    ) {
        self.summary = summary
        self.columnLabel = columnLabel
        self.rowLabel = rowLabel
        self.columns = columns
        self.rows = rows
        self.values = rows.indices.map { row in
            columns.indices.map { column in
                guard row < values.count, column < values[row].count else { return nil }
                return values[row][column].flatMap { $0.isFinite ? $0 : nil }
            }
        }
        self.range = range
        self.width = width
    }

    /// Height in pixels.
    public var height: Double { Self.head + Self.cellHeight * Double(rows.count) + Self.foot }

    /// Draws the plot into an `svg` element.
    public func draw(into svg: inout MarkupWriter) {
        let widest = rows.map { PlotText.width($0) }.max() ?? 0
        let left = 10 + min(120, widest)
        let cell = (width - left) / Double(max(1, columns.count))
        PlotText.draw(rowLabel, 0, Self.head - 9, into: &svg)
        for (index, row) in rows.enumerated() {
            let top = Self.head + Self.cellHeight * Double(index)
            PlotText.draw(
                PlotText.fitted(row, left), left - 8, top + Self.cellHeight / 2 + 4, .end, into: &svg)
            for column in columns.indices {
                drawCell(values[index][column], left + cell * Double(column), top, cell, &svg)
            }
        }
        let bottom = Self.head + Self.cellHeight * Double(rows.count)
        var free = -Double.infinity
        for (index, column) in columns.enumerated() {
            let label = PlotText.fitted(column, 110)
            let half = PlotText.width(label) / 2
            let middle = min(left + cell * (Double(index) + 0.5), width - half)
            guard middle - half >= free else { continue }
            PlotText.draw(label, middle, bottom + 17, .middle, into: &svg)
            free = middle + half + 6
        }
        PlotText.draw(columnLabel, width, bottom + 37, .end, into: &svg)
        drawScale(top: bottom + 54, left: left, &svg)
    }

    private func drawCell(
        _ value: Double?, _ x: Double, _ y: Double, _ cell: Double, _ svg: inout MarkupWriter
    ) {
        guard let value else { return }
        svg.element("g", ["class": "plot-cell \(PlotStyle.heatClass(share(value)))"]) { group in
            rectangle(x + 1, y + 1, cell - 2, Self.cellHeight - 2, &group)
            let text = NumberText.fixed(value, 0)
            if PlotText.width(text) <= cell {
                PlotText.draw(text, x + cell / 2, y + Self.cellHeight / 2 + 4, .middle, into: &group)
            }
        }
    }

    private func drawScale(top: Double, left: Double, _ svg: inout MarkupWriter) {
        let step = min(22, (width - left) / Double(PlotStyle.heatSteps))
        for index in 0..<PlotStyle.heatSteps {
            let share = Double(index) / Double(PlotStyle.heatSteps - 1)
            let x = left + step * Double(index)
            svg.element("g", ["class": "plot-cell \(PlotStyle.heatClass(share))"]) { group in
                rectangle(x, top, step, 10, &group)
            }
            if index % 5 == 0 {
                let value = range.lowerBound + share * (range.upperBound - range.lowerBound)
                PlotText.draw(NumberText.tick(value), x + step / 2, top + 25, .middle, into: &svg)
            }
        }
    }

    private func share(_ value: Double) -> Double {
        let span = range.upperBound - range.lowerBound
        return span > 0 ? (value - range.lowerBound) / span : 0
    }

    private func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ svg: inout MarkupWriter) {
        svg.empty(
            "rect",
            [
                "x": NumberText.coordinate(x), "y": NumberText.coordinate(y),
                "width": NumberText.coordinate(max(1, width)), "height": NumberText.coordinate(height),
            ])
    }
}
