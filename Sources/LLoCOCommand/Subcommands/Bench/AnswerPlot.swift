import Foundation
import LLoCOReports

/// The seconds until an answer's first token by the length of the text, a curve for each mode.
enum AnswerPlot {
    /// Writes an SVG file.
    static func write(_ lines: [BenchLine], to file: String) throws {
        let modes: [(mode: Measurement.Mode, name: String)] = [
            (.compressed, "from a thirtieth of the positions"), (.full, "from the whole text"),
        ]
        let series = modes.enumerated().map { index, mode in
            XYPlot.Series(
                name: mode.name, style: index,
                points: lines.filter { $0.mode == mode.mode.rawValue }.compactMap { line in
                    line.seconds.map { .init(x: Double(line.tokens), y: $0) }
                })
        }
        let points = series.flatMap(\.points)
        guard !points.isEmpty else { return }
        let plot = XYPlot(
            summary: "Seconds until the first token of an answer, by the tokens of the document.",
            x: PlotAxis(
                label: "Tokens of the document", scale: PlotScale(fitting: points.map(\.x), kind: .logarithmic)),
            y: PlotAxis(
                label: "Seconds until the first token",
                scale: PlotScale(fitting: points.map(\.y), kind: .logarithmic)),
            series: series)
        try Data(plot.svgFile().utf8).write(to: URL(filePath: file), options: .atomic)
    }
}
