import Foundation
import Synchronization

/// A thread of its own for work that blocks, one piece after another: what a model computes, or what reads files.
///
/// A forward pass blocks its thread for up to seconds, which the cooperative pool's few threads must not be; and libtorch
/// keeps a team of helper threads for each thread that calls it, so that all work belongs on one. Tasks that prefer this
/// executor run on it and see their own cancellation there.
public final class DedicatedThread: TaskExecutor, Sendable {
    private let queue = JobQueue()

    /// Starts the thread, which ends when nothing refers to the executor any more.
    ///
    /// - Parameter name: what debuggers, and on Linux `top -H`, call it
    public init(name: String) {
        let queue = queue
        let thread = Thread {
            #if os(Linux)
                // Foundation does not tell the kernel, which keeps 15 bytes.
                try? Data(name.utf8.prefix(15)).write(to: URL(filePath: "/proc/thread-self/comm"))
            #endif
            while let (job, executor) = queue.next() { job.runSynchronously(on: executor) }
        }
        thread.name = name
        // What the main thread has: a long chain of gradients is walked by recursion.
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { queue.close() }

    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job), asUnownedTaskExecutor())
    }

    /// Runs `body` on the thread.
    public func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async rethrows -> Value {
        try await withTaskExecutorPreference(self, operation: body)
    }
}

/// Jobs in the order in which they came; whoever asks for one waits.
private final class JobQueue: @unchecked Sendable {
    // All is guarded by the condition.
    private let condition = NSCondition()
    private var jobs: [(UnownedJob, UnownedTaskExecutor)] = []
    private var isClosed = false

    func append(_ job: UnownedJob, _ executor: UnownedTaskExecutor) {
        condition.lock()
        jobs.append((job, executor))
        condition.signal()
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }

    /// The next job; nil once the queue is closed and empty.
    func next() -> (UnownedJob, UnownedTaskExecutor)? {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty {
            if isClosed { return nil }
            condition.wait()
        }
        return jobs.removeFirst()
    }
}
