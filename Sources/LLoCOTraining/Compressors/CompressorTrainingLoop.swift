import Foundation
import LLoCOBase

/// The steps of a run that trains into a folder: each is logged and told, and checkpoints are written between them.
struct CompressorTrainingLoop {
    let folder: URL
    /// Of the whole run
    let steps: Int
    let checkpointSteps: Int
    /// After the step that reaches it the loop ends; nil for all steps
    let maximumSeconds: Double?

    /// - Parameters:
    ///   - start: steps that are made already
    ///   - tokens: read until then
    ///   - step: makes the next one
    ///   - save: writes a checkpoint, told how many tokens have been read
    /// - Throws: `CancellationError`, after a checkpoint; what the closures throw.
    func run(
        from start: Int, tokens: Int, step: () throws -> CompressorTrainer.Step, save: (_ tokens: Int) throws -> Void,
        onEvent: (CompressorTrainingRun.Event) throws -> Void
    ) async throws -> CompressorTrainingRun.Outcome {
        let log = try CompressorTrainingLog(in: folder, keepingSteps: start)
        var (made, saved, tokens) = (start, start, tokens)
        func checkpoint() throws {
            try save(tokens)
            saved = made
            try onEvent(.saved(step: saved))
        }
        let beginning = ContinuousClock.now
        while made < steps {
            let began = ContinuousClock.now
            let outcome: CompressorTrainer.Step
            do {
                try Task.checkCancellation()
                outcome = try step()
            } catch let error as CancellationError {
                // Within a step too, which has changed nothing then.
                if made > saved { try checkpoint() }
                throw error
            }
            made = outcome.step
            tokens += outcome.tokens
            let speed = Double(outcome.tokens) / began.duration(to: .now).seconds
            try log.append(.init(outcome, tokensPerSecond: speed))
            try onEvent(.step(outcome, tokensPerSecond: speed))
            if let maximumSeconds, beginning.duration(to: .now).seconds >= maximumSeconds { break }
            if made - saved >= checkpointSteps { try checkpoint() }
            // Others who wait for this thread have their turn.
            await Task.yield()
        }
        if made > saved { try checkpoint() }
        return CompressorTrainingRun.Outcome(steps: made, tokens: tokens)
    }
}
