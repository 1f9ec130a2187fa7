/// A plot of means with intervals, in groups: one row per mean, all on one axis.
public struct IntervalPlot: Plot {
    /// A mean with its interval.
    public struct Row: Sendable, Equatable {
        /// The name in the legend.
        public var name: String
        /// The index of the colour and marker in ``PlotStyle``, from 0.
        public var style: Int
        /// The mean.
        public var mean: Double
        /// The lower end of the interval.
        public var low: Double
        /// The upper end of the interval.
        public var high: Double

        /// Creates a row.
        public init(name: String, style: Int, mean: Double, low: Double, high: Double) {
            self.name = name
            self.style = style
            self.mean = mean
            self.low = low
            self.high = high
        }

        var isFinite: Bool { mean.isFinite && low.isFinite && high.isFinite }
    }

    /// A named group of rows.
    public struct Group: Sendable, Equatable {
        /// The name at the left.
        public var name: String
        /// The rows from top to bottom.
        public var rows: [Row]

        /// Creates a group.
        public init(name: String, rows: [Row]) {
            self.name = name
            self.rows = rows
        }
    }

    private static let rowHeight = 17.0
    private static let gap = 15.0
    private static let foot = 42.0

    /// The text alternative.
    public var summary: String
    /// The horizontal axis.
    public var axis: PlotAxis
    /// The groups from top to bottom.
    public var groups: [Group]
    /// Width in pixels; default 500.
    public var width: Double
    /// Number of decimals of the means; default 1.
    public var digits: Int

    /// Creates a plot.
    ///
    /// - Parameter groups: the groups; rows with non-finite values are skipped
    public init(summary: String, axis: PlotAxis, groups: [Group], digits: Int = 1, width: Double = 500) {
        self.summary = summary
        self.axis = axis
        self.groups = groups.map { Group(name: $0.name, rows: $0.rows.filter(\.isFinite)) }
        self.digits = digits
        self.width = width
    }

    private var legend: PlotLegend {
        var entries: [PlotLegend.Entry] = []
        for row in groups.flatMap(\.rows) {
            let entry = PlotLegend.Entry(name: row.name, style: row.style)
            if !entries.contains(entry) { entries.append(entry) }
        }
        return PlotLegend(entries, width: width)
    }

    private var rowsHeight: Double {
        groups.reduce(0) { $0 + Self.rowHeight * Double($1.rows.count) + Self.gap }
    }

    /// Height in pixels.
    public var height: Double { legend.height + rowsHeight + Self.foot }

    /// Draws the plot into an `svg` element.
    public func draw(into svg: inout MarkupWriter) {
        let legend = legend
        legend.draw(into: &svg, left: 0)
        let widest = groups.map { PlotText.width($0.name) }.max() ?? 0
        let names = min(170, widest)
        let (left, right) = (names + 14, width - 46)
        let (top, bottom) = (legend.height, legend.height + rowsHeight)
        func place(_ value: Double) -> Double { left + (right - left) * axis.scale.position(of: value) }
        for tick in axis.ticks {
            let x = NumberText.coordinate(place(tick.value))
            svg.empty(
                "line",
                [
                    "class": "plot-grid", "x1": x, "x2": x, "y1": NumberText.coordinate(top),
                    "y2": NumberText.coordinate(bottom),
                ])
            PlotText.draw(tick.label, place(tick.value), bottom + 16, .middle, into: &svg)
        }
        PlotText.draw(axis.label, right, bottom + 36, .end, into: &svg)
        var y = top + Self.gap / 2
        for group in groups {
            let middle = y + Self.rowHeight * Double(group.rows.count) / 2
            PlotText.draw(PlotText.fitted(group.name, names), names, middle + 4, .end, isName: true, into: &svg)
            for row in group.rows {
                let center = y + Self.rowHeight / 2
                PlotWhisker.draw(
                    row.style, center, from: place(row.low), to: place(row.high), isVertical: false, into: &svg)
                let title =
                    "\(row.name): \(NumberText.fixed(row.mean, digits)), 95 % interval "
                    + "\(NumberText.fixed(row.low, digits)) to \(NumberText.fixed(row.high, digits))"
                PlotMarker.draw(row.style, place(row.mean), center, title: title, into: &svg)
                PlotText.draw(NumberText.fixed(row.mean, digits), width, center + 4, .end, isName: true, into: &svg)
                y += Self.rowHeight
            }
            y += Self.gap
        }
    }
}
