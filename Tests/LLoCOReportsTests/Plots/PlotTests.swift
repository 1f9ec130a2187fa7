import LLoCOReports
import Testing

@Suite struct PlotTests {
    private static let hostile = ReportSample.hostile.joined(separator: " ")

    private func xyPlot(_ points: [XYPlot.Point], name: String = "loss", cloud: [XYPlot.Point] = []) -> XYPlot {
        XYPlot(
            summary: "Loss against steps", x: PlotAxis(label: "Step", scale: PlotScale(fitting: points.map(\.x))),
            y: PlotAxis(label: "Loss", scale: PlotScale(fitting: points.map(\.y))),
            series: [XYPlot.Series(name: name, style: 0, points: points, cloud: cloud)])
    }

    private func check(_ plot: some Plot) {
        for text in [plot.svg(), plot.svgFile()] {
            let markup = Markup(text)
            #expect(markup.fault == nil)
            let root = markup.elements.first
            #expect(root?.name == "svg" && root?.attributes["role"] == "img")
            #expect(root?.attributes["aria-label"]?.isEmpty == false)
            #expect(!text.contains("nan") && !text.contains("inf\""))
        }
        #expect(plot.svg() == plot.svg())
    }

    /// A curve is drawn from its first point to its last, within the plot.
    @Test func curve() throws {
        let plot = xyPlot((0...100).map { .init(x: Double($0), y: 4 - Double($0) / 50) })
        check(plot)
        let lines = Markup(plot.svg()).all("path").filter {
            ($0.attributes["d"] ?? "").contains("L") && $0.attributes["fill"] == "none"
        }
        let line = try #require(lines.first?.attributes["d"])
        #expect(line.split(separator: "L").count == 101)
        let numbers = line.dropFirst().split { $0 == "L" || $0 == " " }.compactMap { Double($0) }
        #expect(numbers.count == 202)
        for (index, number) in numbers.enumerated() {
            #expect((0...(index.isMultiple(of: 2) ? plot.width : plot.height)).contains(number))
        }
        // A falling loss goes down, where coordinates grow.
        #expect(numbers[1] < numbers[201])
    }

    /// Empty plots, single points and non-finite points are drawn without errors.
    @Test func degenerate() {
        check(xyPlot([]))
        check(xyPlot([.init(x: 3, y: 3)]))
        let plot = xyPlot([.init(x: .nan, y: 1), .init(x: 1, y: .infinity), .init(x: 2, y: 5)])
        #expect(plot.series[0].points.count == 1)
        check(plot)
        check(IntervalPlot(summary: "None", axis: PlotAxis(label: "Score", scale: PlotScale(fitting: [])), groups: []))
        let rows = [IntervalPlot.Row(name: "a", style: 0, mean: .nan, low: 0, high: 1)]
        check(
            IntervalPlot(
                summary: "One", axis: PlotAxis(label: "Score", scale: PlotScale(fitting: [])),
                groups: [.init(name: "g", rows: rows)]))
        check(HeatMap(summary: "None", columnLabel: "", rowLabel: "", columns: [], rows: [], values: []))
        let ragged = HeatMap(
            summary: "Ragged", columnLabel: "x", rowLabel: "y", columns: ["1", "2"], rows: ["a", "b"],
            values: [[.nan, 7], [50]])
        #expect(ragged.values == [[nil, 7], [50, nil]])
        check(ragged)
    }

    /// Untrusted names and titles stay text.
    @Test func hostileNames() {
        let plot = xyPlot([.init(x: 1, y: 1, title: Self.hostile), .init(x: 2, y: 3)], name: Self.hostile)
        check(plot)
        let markup = Markup(plot.svg())
        #expect(markup.all("script").isEmpty && markup.all("img").isEmpty)
        #expect(markup.texts("text").contains { $0.contains("</script><script>") })
        #expect(!plot.svg().unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" })
        check(
            HeatMap(
                summary: Self.hostile, columnLabel: Self.hostile, rowLabel: Self.hostile, columns: [Self.hostile],
                rows: [Self.hostile], values: [[3]]))
    }

    /// A cloud of many points is one path, each pixel once.
    @Test func cloud() {
        let cloud = (0..<20_000).map { XYPlot.Point(x: Double($0 % 50), y: Double($0 % 7)) }
        let svg = xyPlot([.init(x: 0, y: 0), .init(x: 49, y: 6)], cloud: cloud).svg()
        #expect(svg.utf8.count < 20_000)
        let faint = Markup(svg).all("path").filter { $0.attributes["stroke-linecap"] == "round" }
        #expect(faint.count == 1)
        #expect(faint.first?.attributes["d"]?.split(separator: "M").count == 350)
    }

    /// A heat map shows its values in the cells and has a colour scale.
    @Test func heatMap() {
        let map = HeatMap(
            summary: "Needles", columnLabel: "Length", rowLabel: "Depth", columns: ["4k", "8k"], rows: ["0", "50"],
            values: [[100, 50], [0, nil]])
        let cells = Markup(map.svg()).all("g")
        #expect(cells.prefix(3).map(\.text) == ["100", "50", "0"])
        #expect(
            cells.prefix(3).map { $0.attributes["class"] } == [
                "plot-cell heat-10", "plot-cell heat-5", "plot-cell heat-0",
            ])
        #expect(cells.count == 3 + PlotStyle.heatSteps)
    }

    /// Text and lines have enough contrast with the page in both schemes.
    @Test func contrast() {
        for scheme in [PlotStyle.Scheme.light, .dark] {
            #expect(scheme.text.contrast(to: scheme.page) >= 7)
            #expect(scheme.muted.contrast(to: scheme.page) >= 4.5)
            #expect(scheme.series.count == PlotStyle.seriesCount)
            for color in scheme.series { #expect(color.contrast(to: scheme.page) >= 3, "\(color.css)") }
            for step in 0..<PlotStyle.heatSteps {
                #expect(scheme.heat(step).contrast(to: scheme.heatText(step)) >= 4.5, "\(step)")
            }
        }
        #expect(abs(PlotStyle.Color(0).contrast(to: PlotStyle.Color(0xFFFFFF)) - 21) < 0.001)
    }
}
