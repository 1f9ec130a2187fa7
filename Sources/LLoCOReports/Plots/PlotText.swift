import LLoCOBase

/// Letters in a plot.
enum PlotText {
    enum Anchor: String { case start, middle, end }

    /// Pixels that a line of 12-pixel letters takes, about: no font is there to be measured.
    static func width(_ text: String) -> Double { letter * Double(text.count) }

    /// A wide font's mean: room that stays empty looks better than letters that are cut off.
    private static let letter = 7.1

    /// The beginning of `text` that fits `width` pixels.
    static func fitted(_ text: String, _ width: Double) -> String {
        text.excerpt(max(3, Int(width / letter)))
    }

    /// - Parameter y: of the baseline
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
