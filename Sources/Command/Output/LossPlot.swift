import Evaluation
import Foundation
import LLoCO

/// The curve of a training run: every step's loss, faint, and their running mean.
enum LossPlot {
    /// Writes an SVG file.
    static func write(_ losses: [TrainingLoss], title: String, to file: String) throws {
        guard let last = losses.last else { return }
        let width = max(1, losses.count / 40)
        let means = mean(losses, over: width)
        let final = String(format: "%.3f", means.last?.y ?? last.loss)
        let plot = XYPlot(
            summary: "\(title): loss by step; its mean over \(width) steps ends at \(final).",
            x: PlotAxis(label: "Step", scale: PlotScale(fitting: means.map(\.x), kind: .linear)),
            y: PlotAxis(
                label: "Loss, nats a token", scale: PlotScale(fitting: losses.map(\.loss), kind: .linear)),
            series: [
                .init(
                    name: width == 1 ? "loss" : "mean of \(width) steps", style: 0, points: means,
                    cloud: thinned(losses).map { .init(x: Double($0.step), y: $0.loss) }, hasMarkers: false)
            ])
        try Data(plot.svgFile().utf8).write(to: URL(filePath: file), options: .atomic)
    }

    /// The mean of the last `width` losses, at every step that begins another such stretch and at the last one.
    private static func mean(_ losses: [TrainingLoss], over width: Int) -> [XYPlot.Point] {
        var ends = Array(stride(from: width - 1, to: losses.count, by: max(1, width / 4)))
        if ends.last != losses.count - 1 { ends.append(losses.count - 1) }
        return ends.map { end in
            let stretch = losses[max(0, end + 1 - width)...end]
            return .init(x: Double(losses[end].step), y: stretch.reduce(0) { $0 + $1.loss } / Double(stretch.count))
        }
    }

    /// Enough points to see how losses scatter.
    private static func thinned(_ losses: [TrainingLoss]) -> [TrainingLoss] {
        let step = max(1, losses.count / 800)
        return stride(from: 0, to: losses.count, by: step).map { losses[$0] }
    }
}
