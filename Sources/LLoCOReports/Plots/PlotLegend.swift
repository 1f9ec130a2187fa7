/// A legend above a plot: markers and names of the series, wrapped into lines.
struct PlotLegend {
    struct Entry: Equatable {
        var name: String
        /// The index of the colour, marker and dash in ``PlotStyle``.
        var style: Int
        var hasLine = false
    }

    private static let lineHeight = 20.0
    private let places: [(entry: Entry, x: Double, y: Double)]
    let height: Double

    /// - Parameter width: maximum width of a line, in pixels
    init(_ entries: [Entry], width: Double) {
        var places: [(Entry, Double, Double)] = []
        var (x, y) = (0.0, Self.lineHeight / 2)
        for entry in entries {
            let needed = Self.sample(entry) + PlotText.width(entry.name)
            if x > 0, x + needed > width {
                x = 0
                y += Self.lineHeight
            }
            places.append((entry, x, y))
            x += needed + 18
        }
        self.places = places
        height = entries.isEmpty ? 0 : y + Self.lineHeight / 2 + 4
    }

    func draw(into svg: inout MarkupWriter, left: Double) {
        for (entry, x, y) in places {
            let (start, sample) = (left + x, Self.sample(entry))
            if entry.hasLine {
                svg.empty(
                    "path",
                    [
                        "class": PlotStyle.seriesClass(entry.style), "stroke": "currentColor", "stroke-width": "2",
                        "fill": "none", "stroke-dasharray": PlotMarker.dash(entry.style),
                        "d":
                            "M\(NumberText.coordinate(start)) \(NumberText.coordinate(y))h\(NumberText.coordinate(sample - 6))",
                    ])
            }
            PlotMarker.draw(entry.style, start + (sample - 6) / 2, y, into: &svg)
            PlotText.draw(entry.name, start + sample, y + 4, isName: true, into: &svg)
        }
    }

    private static func sample(_ entry: Entry) -> Double { entry.hasLine ? 34 : 16 }
}
