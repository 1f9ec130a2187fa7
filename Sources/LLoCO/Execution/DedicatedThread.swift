import Foundation
import Synchronization

/// A serial task executor on a dedicated thread, for blocking work: a model's computation, or file access.
///
/// A forward pass blocks its thread for up to seconds, too long for the few threads of the cooperative pool. libtorch
/// also keeps a team of worker threads for each thread that calls it, so that all computation belongs on one thread.
/// Tasks that prefer this executor run on it and keep their own cancellation.
public final class DedicatedThread: TaskExecutor, Sendable {
    private let queue = JobQueue()

    /// Starts the thread. It ends with the last reference to the executor.
    ///
    /// - Parameter name: the thread's name in debuggers, and on Linux in `top -H`
    public init(name: String) {
        let queue = queue
        let thread = Thread {
            #if os(Linux)
                // Foundation does not set the kernel's thread name, which has up to 15 bytes.
                try? Data(name.utf8.prefix(15)).write(to: URL(filePath: "/proc/thread-self/comm"))
            #endif
            while let (job, executor) = queue.next() { job.runSynchronously(on: executor) }
        }
        thread.name = name
        // As much as the main thread: autograd traverses a long graph recursively.
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { queue.close() }

    /// Appends a job to the thread's queue.
    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job), asUnownedTaskExecutor())
    }

    /// Runs `body` on the thread.
    public func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async rethrows -> Value {
        try await withTaskExecutorPreference(self, operation: body)
    }
}

/// A blocking FIFO queue of jobs.
private final class JobQueue: @unchecked Sendable {
    // The condition guards all state.
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

    /// Waits for the next job; nil once the queue is closed and empty.
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
