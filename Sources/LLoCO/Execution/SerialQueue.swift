import LLoCOBase
import Synchronization

/// A FIFO queue that runs one task at a time, such as the additions and training runs of a library, or the loads of
/// adapters and vectors.
final class SerialQueue: Sendable {
    private let executor: any TaskExecutor
    /// Ends when all tasks queued so far have ended.
    private let last = Mutex<Task<Void, Never>?>(nil)

    init(on executor: any TaskExecutor) {
        self.executor = executor
    }

    /// Runs `body` on the executor after all tasks queued before it. A caller that is cancelled while waiting throws at
    /// once.
    func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let (turn, ended) = AsyncStream<Never>.makeStream()
        let previous = last.withLock { last in
            let previous = last
            last = Task {
                await previous?.value
                for await _ in turn {}
            }
            return previous
        }
        defer { ended.finish() }
        try await previous?.ended()
        return try await withTaskExecutorPreference(executor, operation: body)
    }
}
