import Foundation
import LLoCOTraining

/// What a training of a compressor says while it goes on.
enum CompressorProgress {
    /// - Parameters:
    ///   - steps: of the whole run
    ///   - title: of the plot of its losses, which is written into its folder
    static func show(
        _ event: CompressorTrainingRun.Event, steps: Int, folder: URL, _ title: String, _ bar: ProgressBar, json: Bool
    ) throws {
        switch event {
        case .questionsHeldOut(let count):
            Terminal.note("\(count) questions are about texts that are kept for 'evaluate-compressor --held-out'")
        case .questionsOmitted(let count, let total, let maximumTokens):
            Terminal.note(
                "\(count) of \(total) questions were left out: their documents have more than "
                    + "\(maximumTokens) tokens (the recipe's questionedSegments allows others)")
        case .step(let step, let speed):
            if json { try Terminal.json(StepLine(step: step.step, loss: step.loss, tokensPerSecond: speed)) }
            bar.update(step.step, of: steps, detail: String(format: "loss %.4f", step.loss))
        case .saved:
            try LossPlot.write(
                LossPlot.curves(of: CompressorTrainingLog.lines(in: folder)), title: title,
                to: folder.appending(path: "training.svg").path)
        case .textsOmitted, .begun: break
        }
    }
}
