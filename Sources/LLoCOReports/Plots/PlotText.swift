import LLoCOBase

/// Text in a plot.
enum PlotText {
    enum Anchor: String { case start, middle, end }

    /// Estimated width in pixels of a line in the 12-pixel font, since no font is available to measure.
    static func width(_ text: String) -> Double { letter * Double(text.count) }

    /// Mean letter width of a wide font: empty space looks better than clipped text.
    private static let letter = 7.1

    /// `text` truncated to `width` pixels.
    static func fitted(_ text: String, _ width: Double) -> String {
        text.excerpt(max(3, Int(width / letter)))
    }

    /// - Parameter y: the baseline
    static func draw(
        _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, isName: Bool = false,
        into svg: inout MarkupWriter
    ) {
        svg.element(
            "text",
            [
                "x": NumberText.coordinate(x), "y": NumberText.coordinate(y), "class": isName ? "plot-name" : nil,
                "text-anchor": anchor == .start ? nil : anchor.rawValue,
            ], text: text)
    }
}
