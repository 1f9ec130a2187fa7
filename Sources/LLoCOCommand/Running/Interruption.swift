import ArgumentParser
import Foundation
import LLoCO
import Synchronization

/// Ctrl-C and SIGTERM in a resumable run: the first signal cancels the run, which ends with a checkpoint; the second
/// ends the process at once.
enum Interruption {
    private static let state = Mutex<(cancel: (@Sendable () -> Void)?, signal: Int32?)>((nil, nil))

    private static let handling = Signals.handle { number in
        let isFirst = state.withLock { state in
            defer { state.signal = state.signal ?? number }
            return state.signal == nil
        }
        guard isFirst else { Signals.endProcess(number) }
        Terminal.note("the run ends with a checkpoint after the current step; a second signal ends it at once")
        state.withLock { $0.cancel }?()
    }

    /// Runs `run`, which writes a checkpoint when its task is cancelled, and returns its result.
    ///
    /// - Throws: `ExitCode` of the signal that cancelled the run, or the error of the run.
    static func observed<Value: Sendable>(_ run: @escaping () async throws -> Value) async throws -> Value {
        // This task waits while the other one runs.
        nonisolated(unsafe) let run = run
        let task = Task(executorPreference: DedicatedThread.ofCommand) { try await run() }
        state.withLock { $0.cancel = { task.cancel() } }
        _ = handling
        do { return try await task.value } catch is CancellationError {
            guard let number = state.withLock({ $0.signal }) else { throw CancellationError() }
            Terminal.note("interrupted: the same command resumes from the checkpoint")
            throw ExitCode(128 + number)
        }
    }
}
