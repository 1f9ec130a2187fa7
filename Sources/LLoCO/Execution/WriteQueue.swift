import LLoCOBase
import Synchronization

/// Lets one task at a time change a library: additions and trainings wait for each other, in the order in which they came.
final class WriteQueue: Sendable {
    private let executor: any TaskExecutor
    private let last = Mutex<Task<Void, Never>?>(nil)

    init(on executor: any TaskExecutor) {
        self.executor = executor
    }

    /// Runs `body` on the executor once all before it are done. A caller that is cancelled while it waits returns at once;
    /// once its turn has come, the body is cancelled and waited for.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = last.withLock { last in
            let previous = last
            let task = Task(executorPreference: executor) {
                try await previous?.ended()
                return try await body()
            }
            last = Task {
                await previous?.value
                _ = await task.result
            }
            return task
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
