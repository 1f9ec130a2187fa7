/// A plot of points and lines over two axes, such as measurements, medians or training curves.
public struct XYPlot: Plot {
    /// A point, optionally with an interval.
    public struct Point: Sendable, Equatable {
        /// The horizontal value.
        public var x: Double
        /// The vertical value.
        public var y: Double
        /// The interval of `y`.
        public var interval: ClosedRange<Double>?
        /// The tooltip.
        public var title: String?

        /// Creates a point.
        public init(x: Double, y: Double, interval: ClosedRange<Double>? = nil, title: String? = nil) {
            self.x = x
            self.y = y
            self.interval = interval
            self.title = title
        }

        var isFinite: Bool {
            x.isFinite && y.isFinite && interval.map { $0.lowerBound.isFinite && $0.upperBound.isFinite } ?? true
        }
    }

    /// A series of points.
    public struct Series: Sendable, Equatable {
        /// The name in the legend.
        public var name: String
        /// The index of the colour, marker and dash in ``PlotStyle``, from 0.
        public var style: Int
        /// The points in drawing order.
        public var points: [Point]
        /// Individual measurements behind `points`, drawn small and faint.
        public var cloud: [Point]
        /// Whether a line connects the points; default true.
        public var hasLine: Bool
        /// Whether points have markers; default true. False suits curves of many points.
        public var hasMarkers: Bool

        /// Creates a series.
        public init(
            name: String, style: Int, points: [Point], cloud: [Point] = [], hasLine: Bool = true,
            hasMarkers: Bool = true
        ) {
            self.name = name
            self.style = style
            self.points = points
            self.cloud = cloud
            self.hasLine = hasLine
            self.hasMarkers = hasMarkers
        }
    }

    /// The text alternative.
    public var summary: String
    /// The horizontal axis.
    public var x: PlotAxis
    /// The vertical axis.
    public var y: PlotAxis
    /// The series in drawing order.
    public var series: [Series]
    /// Width in pixels; default 500.
    public var width: Double
    /// Height in pixels; default 320.
    public var height: Double

    /// Creates a plot.
    ///
    /// - Parameters:
    ///   - summary: the text alternative
    ///   - series: the series; points with non-finite values are skipped
    public init(
        summary: String, x: PlotAxis, y: PlotAxis, series: [Series], width: Double = 500, height: Double = 320
    ) {
        self.summary = summary
        self.x = x
        self.y = y
        self.series = series.map { series in
            var series = series
            series.points.removeAll { !$0.isFinite }
            series.cloud.removeAll { !$0.isFinite }
            return series
        }
        self.width = width
        self.height = height
    }

    /// Draws the plot into an `svg` element.
    public func draw(into svg: inout MarkupWriter) {
        let legend = PlotLegend(
            series.map { .init(name: $0.name, style: $0.style, hasLine: $0.hasLine) }, width: width)
        legend.draw(into: &svg, left: 0)
        let frame = PlotFrame(x: x, y: y, width: width, height: height, top: legend.height)
        frame.draw(into: &svg)
        for series in series { drawCloud(series, frame, &svg) }
        for series in series where series.hasLine { drawLine(series, frame, &svg) }
        for series in series { drawPoints(series, frame, &svg) }
    }

    /// Draws a series' measurements as one path, each pixel once, so that thousands of points stay small.
    private func drawCloud(_ series: Series, _ frame: PlotFrame, _ svg: inout MarkupWriter) {
        guard !series.cloud.isEmpty else { return }
        var seen: Set<[Int]> = []
        var path = ""
        for point in series.cloud {
            let (x, y) = (frame.horizontal(point.x).rounded(), frame.vertical(point.y).rounded())
            if seen.insert([Int(x), Int(y)]).inserted { path += "M\(Int(x)) \(Int(y))h0" }
        }
        svg.empty(
            "path",
            [
                "class": PlotStyle.seriesClass(series.style), "d": path, "fill": "none", "stroke": "currentColor",
                "stroke-width": "3.5", "stroke-linecap": "round", "stroke-opacity": "0.28",
            ])
    }

    private func drawLine(_ series: Series, _ frame: PlotFrame, _ svg: inout MarkupWriter) {
        var places: [String] = []
        for point in series.points {
            let place =
                NumberText.coordinate(frame.horizontal(point.x)) + " " + NumberText.coordinate(frame.vertical(point.y))
            if places.last != place { places.append(place) }
        }
        guard places.count > 1 else { return }
        svg.empty(
            "path",
            [
                "class": PlotStyle.seriesClass(series.style), "d": "M" + places.joined(separator: "L"), "fill": "none",
                "stroke": "currentColor", "stroke-width": "2", "stroke-linejoin": "round",
                "stroke-dasharray": PlotMarker.dash(series.style),
            ])
    }

    private func drawPoints(_ series: Series, _ frame: PlotFrame, _ svg: inout MarkupWriter) {
        for point in series.points {
            let (x, y) = (frame.horizontal(point.x), frame.vertical(point.y))
            if let interval = point.interval {
                PlotWhisker.draw(
                    series.style, x, from: frame.vertical(interval.lowerBound), to: frame.vertical(interval.upperBound),
                    isVertical: true, into: &svg)
            }
            if series.hasMarkers || series.points.count == 1 {
                PlotMarker.draw(series.style, x, y, title: point.title, into: &svg)
            }
        }
    }
}
