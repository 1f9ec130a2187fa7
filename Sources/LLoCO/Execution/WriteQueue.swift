import LLoCOBase
import Synchronization

/// Lets one task at a time change a library: additions and trainings wait for each other, in the order in which they came.
final class WriteQueue: Sendable {
    private let executor: any TaskExecutor
    /// Ends when all who have come so far are done.
    private let last = Mutex<Task<Void, Never>?>(nil)

    init(on executor: any TaskExecutor) {
        self.executor = executor
    }

    /// Runs `body` on the executor once all before it are done. A caller that is cancelled while it waits returns at once.
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
