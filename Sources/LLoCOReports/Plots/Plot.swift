/// A plot that can be drawn as SVG.
///
/// Colours come from ``PlotStyle/css``, so that the plot follows the page's light or dark scheme.
public protocol Plot: Sendable {
    /// The text alternative for screen readers: the subject and the result of the plot.
    var summary: String { get }
    /// Width in pixels at the nominal font size.
    var width: Double { get }
    /// Height in pixels at the nominal font size.
    var height: Double { get }
    /// Draws the plot into an `svg` element.
    func draw(into svg: inout MarkupWriter)
}

extension Plot {
    /// An `svg` element for a page that includes ``PlotStyle/css``.
    public func svg() -> String {
        svg(style: nil)
    }

    /// The contents of an `.svg` file.
    public func svgFile() -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + svg(style: PlotStyle.css + PlotStyle.fileCSS) + "\n"
    }

    private func svg(style: String?) -> String {
        var writer = MarkupWriter()
        let size = [width, height].map(NumberText.coordinate)
        writer.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "class": "plot", "role": "img", "aria-label": summary,
                "viewBox": "0 0 \(size[0]) \(size[1])", "width": size[0], "height": size[1],
            ]
        ) { svg in
            if let style { svg.element("style", [:]) { $0.raw(style) } }
            draw(into: &svg)
        }
        return writer.text
    }
}
