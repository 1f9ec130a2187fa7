import ArgumentParser
import Foundation
import LLoCO
import Synchronization

/// Ctrl-C or SIGTERM in a run that goes on later where it ended: the first cancels it, so that it ends with a checkpoint, the
/// second ends the process at once.
enum Interruption {
    private static let state = Mutex<(cancel: (@Sendable () -> Void)?, signal: Int32?)>((nil, nil))

    private static let handling = Signals.handle { number in
        let isFirst = state.withLock { state in
            defer { state.signal = state.signal ?? number }
            return state.signal == nil
        }
        guard isFirst else { Signals.endProcess(number) }
        Terminal.note("the run ends with a checkpoint after the step in hand; once more ends it at once")
        state.withLock { $0.cancel }?()
    }

    /// What a run that writes a checkpoint where its task is cancelled comes to; the process ends as by the signal where that
    /// has ended it.
    static func observed<Value: Sendable>(_ run: @escaping () async throws -> Value) async throws -> Value {
        // The one task waits while the other runs.
        nonisolated(unsafe) let run = run
        let task = Task(executorPreference: DedicatedThread.ofCommand) { try await run() }
        state.withLock { $0.cancel = { task.cancel() } }
        _ = handling
        do { return try await task.value } catch is CancellationError {
            guard let number = state.withLock({ $0.signal }) else { throw CancellationError() }
            Terminal.note("interrupted: the same command goes on from the checkpoint")
            throw ExitCode(128 + number)
        }
    }
}
