/// A figure that can be drawn as SVG.
///
/// Its colours come from ``PlotStyle/css``, so that it follows the page's light or dark scheme.
public protocol Plot: Sendable {
    /// What a reader who does not see the figure is told: what it shows and what it found.
    var summary: String { get }
    /// In pixels at the size that the letters are drawn for.
    var width: Double { get }
    var height: Double { get }
    func draw(into svg: inout MarkupWriter)
}

extension Plot {
    /// An `svg` element for a page that holds ``PlotStyle/css``.
    public func svg() -> String {
        svg(style: nil)
    }

    /// The text of an `.svg` file.
    public func svgFile() -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + svg(style: PlotStyle.css + PlotStyle.file) + "\n"
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
