import Foundation
import LLoCOBase

/// The training loop of a run in a folder: it logs and reports each step and writes checkpoints.
struct CompressorTrainingLoop {
    let folder: URL
    /// Number of steps of the whole run
    let steps: Int
    let checkpointSteps: Int
    /// The loop ends after the step that reaches this time; nil for no limit
    let maximumSeconds: Double?

    /// Runs the remaining steps.
    ///
    /// - Parameters:
    ///   - start: number of steps already made
    ///   - tokens: number of tokens processed in these steps
    ///   - step: makes the next step
    ///   - save: writes a checkpoint with the number of tokens processed so far
    /// - Throws: `CancellationError`, after a checkpoint; errors of the closures.
    func run(
        from start: Int, tokens: Int, step: () throws -> CompressorTrainer.Step, save: (_ tokens: Int) throws -> Void,
        onEvent: (CompressorTrainingRun.Event) throws -> Void
    ) async throws -> CompressorTrainingRun.Outcome {
        let log = try CompressorTrainingLog(in: folder, keepingSteps: start)
        var (completed, saved, tokens) = (start, start, tokens)
        func checkpoint() throws {
            try save(tokens)
            saved = completed
            try onEvent(.saved(step: saved))
        }
        let loopStart = ContinuousClock.now
        while completed < steps {
            let stepStart = ContinuousClock.now
            let outcome: CompressorTrainer.Step
            do {
                try Task.checkCancellation()
                outcome = try step()
            } catch let error as CancellationError {
                // A step that is cancelled midway has changed nothing.
                if completed > saved { try checkpoint() }
                throw error
            }
            completed = outcome.step
            tokens += outcome.tokens
            let speed = Double(outcome.tokens) / stepStart.duration(to: .now).seconds
            try log.append(.init(outcome, tokensPerSecond: speed))
            try onEvent(.step(outcome, tokensPerSecond: speed))
            if let maximumSeconds, loopStart.duration(to: .now).seconds >= maximumSeconds { break }
            if completed - saved >= checkpointSteps { try checkpoint() }
            // Let other tasks use this thread.
            await Task.yield()
        }
        if completed > saved { try checkpoint() }
        return CompressorTrainingRun.Outcome(steps: completed, tokens: tokens)
    }
}
