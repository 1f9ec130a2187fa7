/// The frame of a plot with two axes: the mapping of values to pixels, and the grid, ticks and labels.
struct PlotFrame {
    private static let tickHeight = 18.0
    private static let labelHeight = 20.0
    private static let headHeight = 28.0

    let x: PlotAxis
    let y: PlotAxis
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double

    /// - Parameter top: height of the legend, in pixels
    init(x: PlotAxis, y: PlotAxis, width: Double, height: Double, top: Double) {
        self.x = x
        self.y = y
        left = 10 + (y.ticks.map { PlotText.width($0.label) }.max() ?? 0)
        right = width - 14
        self.top = top + Self.headHeight
        bottom = height - Self.tickHeight - Self.labelHeight
    }

    func horizontal(_ value: Double) -> Double { left + (right - left) * x.scale.position(of: value) }
    func vertical(_ value: Double) -> Double { bottom - (bottom - top) * y.scale.position(of: value) }

    func draw(into svg: inout MarkupWriter) {
        for tick in y.ticks {
            let height = vertical(tick.value)
            line(left, height, right, height, isAxis: false, &svg)
            PlotText.draw(tick.label, left - 7, height + 4, .end, into: &svg)
        }
        line(left, bottom, right, bottom, isAxis: true, &svg)
        var free = -Double.infinity
        for tick in x.ticks {
            let place = horizontal(tick.value)
            line(place, bottom, place, bottom + 4, isAxis: true, &svg)
            // Labels that would overlap are omitted; the last label is moved inside the plot.
            let half = PlotText.width(tick.label) / 2
            let middle = min(place, right + 12 - half)
            guard middle - half >= free else { continue }
            PlotText.draw(tick.label, middle, bottom + Self.tickHeight, .middle, into: &svg)
            free = middle + half + 6
        }
        PlotText.draw(y.label, 0, top - 15, into: &svg)
        PlotText.draw(x.label, right, bottom + Self.tickHeight + Self.labelHeight - 4, .end, into: &svg)
    }

    private func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, isAxis: Bool, _ svg: inout MarkupWriter
    ) {
        svg.empty(
            "line",
            [
                "class": isAxis ? "plot-axis" : "plot-grid", "x1": NumberText.coordinate(x1),
                "y1": NumberText.coordinate(y1), "x2": NumberText.coordinate(x2), "y2": NumberText.coordinate(y2),
            ])
    }
}
