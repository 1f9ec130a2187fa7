import Foundation

/// Marker shapes and dash patterns that distinguish series without colours.
enum PlotMarker {
    /// Draws a marker centred at (x, y), about 2 x `radius` wide.
    static func draw(
        _ style: Int, _ x: Double, _ y: Double, radius: Double = 4.5, title: String? = nil, into svg: inout MarkupWriter
    ) {
        svg.element(
            "path",
            [
                "class": "\(PlotStyle.seriesClass(style)) plot-halo", "d": outline(style, x, y, radius),
                "fill": "currentColor",
            ]
        ) { path in
            if let title { path.element("title", text: title) }
        }
    }

    static func dash(_ style: Int) -> String? {
        [nil, "7 3", "2 3", "9 3 2 3", "4 4", "12 4"][index(style)]
    }

    private static func index(_ style: Int) -> Int {
        ((style % PlotStyle.seriesCount) + PlotStyle.seriesCount) % PlotStyle.seriesCount
    }

    private static func outline(_ style: Int, _ x: Double, _ y: Double, _ radius: Double) -> String {
        func polygon(_ corners: [(Double, Double)]) -> String {
            let points = corners.map {
                NumberText.coordinate(x + $0.0 * radius) + " " + NumberText.coordinate(y + $0.1 * radius)
            }
            return "M" + points.joined(separator: "L") + "Z"
        }
        switch index(style) {
        case 0:
            let r = NumberText.coordinate(radius)
            let (left, right) = (NumberText.coordinate(x - radius), NumberText.coordinate(x + radius))
            let middle = NumberText.coordinate(y)
            return "M\(left) \(middle)A\(r) \(r) 0 1 0 \(right) \(middle)A\(r) \(r) 0 1 0 \(left) \(middle)Z"
        case 1: return polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
        case 2: return polygon([(0, -1.15), (1.1, 0.85), (-1.1, 0.85)])
        case 3: return polygon([(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)])
        case 4: return polygon([(0, 1.15), (1.1, -0.85), (-1.1, -0.85)])
        default:
            return polygon([
                (-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4), (0.4, 1.2), (-0.4, 1.2),
                (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4),
            ])
        }
    }
}
