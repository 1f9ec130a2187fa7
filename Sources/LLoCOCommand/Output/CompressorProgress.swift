import Foundation
import LLoCOTraining

/// The output of a compressor's training while it runs.
enum CompressorProgress {
    /// - Parameters:
    ///   - steps: the steps of the whole run
    ///   - title: the title of the loss plot, which is written into `folder`
    static func show(
        _ event: CompressorTrainingRun.Event, steps: Int, folder: URL, _ title: String, _ bar: ProgressBar, json: Bool
    ) throws {
        switch event {
        case .questionsHeldOut(let count):
            Terminal.note("\(count) questions are held out with their texts, for 'evaluate-compressor --held-out'")
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
