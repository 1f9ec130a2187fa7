import Foundation
import LLoCOLibrary
import LLoCOReports

/// The loss curves of a training run: each step's loss as faint points, and the running mean.
enum LossPlot {
    /// The losses of one objective, by step.
    struct Curve {
        let name: String
        let losses: [TrainingLoss]
        /// The steps of the running mean
        var width: Int { max(1, losses.count / 40) }
    }

    /// Writes an SVG file.
    static func write(_ curves: [Curve], title: String, to file: String) throws {
        let drawn = curves.filter { !$0.losses.isEmpty }.map { (curve: $0, means: mean($0.losses, over: $0.width)) }
        guard !drawn.isEmpty else { return }
        let ends = drawn.map { curve, means in
            let format = curve.width == 1 ? " ends at %.3f" : ", its mean over \(curve.width) steps, ends at %.3f"
            return curve.name + String(format: format, means.last?.y ?? .nan)
        }
        let plot = XYPlot(
            summary: "\(title), by step: \(ends.joined(separator: "; ")).",
            x: PlotAxis(label: "Step", scale: PlotScale(fitting: drawn.flatMap(\.means).map(\.x), kind: .linear)),
            y: PlotAxis(
                label: "Loss, nats per token",
                scale: PlotScale(fitting: drawn.flatMap(\.curve.losses).map(\.loss), kind: .linear)),
            series: drawn.enumerated().map { index, drawn in
                .init(
                    name: drawn.curve.name + (drawn.curve.width == 1 ? "" : ", mean of \(drawn.curve.width) steps"),
                    style: index, points: drawn.means,
                    cloud: thinned(drawn.curve.losses).map { .init(x: Double($0.step), y: $0.loss) },
                    hasMarkers: false)
            })
        try Data(plot.svgFile().utf8).write(to: URL(filePath: file), options: .atomic)
    }

    /// The mean of the last `width` losses, at every quarter of `width` and at the last step.
    private static func mean(_ losses: [TrainingLoss], over width: Int) -> [XYPlot.Point] {
        var ends = Array(stride(from: width - 1, to: losses.count, by: max(1, width / 4)))
        if ends.last != losses.count - 1 { ends.append(losses.count - 1) }
        return ends.map { end in
            let stretch = losses[max(0, end + 1 - width)...end]
            return .init(x: Double(losses[end].step), y: stretch.reduce(0) { $0 + $1.loss } / Double(stretch.count))
        }
    }

    /// At most 1,600 points, enough to show the scatter.
    private static func thinned(_ losses: [TrainingLoss]) -> [TrainingLoss] {
        let step = max(1, losses.count / 800)
        return stride(from: 0, to: losses.count, by: step).map { losses[$0] }
    }
}
