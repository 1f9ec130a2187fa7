/// An interval drawn as a line with a short bar at each end.
enum PlotWhisker {
    /// - Parameters:
    ///   - across: the position across the line, in pixels
    ///   - from: the start along the line, in pixels
    ///   - to: the end along the line, in pixels
    static func draw(
        _ style: Int, _ across: Double, from: Double, to: Double, isVertical: Bool, into svg: inout MarkupWriter
    ) {
        let ends = [from, to].map { end in
            isVertical
                ? "M\(NumberText.coordinate(across - 4)) \(NumberText.coordinate(end))h8"
                : "M\(NumberText.coordinate(end)) \(NumberText.coordinate(across - 4))v8"
        }
        let (fixed, start, length) = (
            NumberText.coordinate(across), NumberText.coordinate(from), NumberText.coordinate(to - from)
        )
        let line = isVertical ? "M\(fixed) \(start)v\(length)" : "M\(start) \(fixed)h\(length)"
        svg.empty(
            "path",
            [
                "class": PlotStyle.seriesClass(style), "d": line + ends.joined(), "fill": "none",
                "stroke": "currentColor", "stroke-width": "1.5", "stroke-opacity": "0.75",
            ])
    }
}
