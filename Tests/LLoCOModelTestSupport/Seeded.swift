import Synchronization
package import Testing

/// Serializes the tests of all suites with this trait.
///
/// libtorch's random generator is process-wide: concurrent tests that seed it would use each other's numbers.
package struct Seeded: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    /// Whether a test runs, and the waiting tests in order.
    private struct Queue {
        var isRunning = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let queue = Mutex(Queue())

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        // Only test cases run; suites and functions contain them.
        guard testCase != nil else { return try await body() }
        await withCheckedContinuation { continuation in
            let isFree = Self.queue.withLock { queue in
                defer { queue.isRunning = true }
                if queue.isRunning { queue.waiting.append(continuation) }
                return !queue.isRunning
            }
            if isFree { continuation.resume() }
        }
        defer {
            let next = Self.queue.withLock { queue -> CheckedContinuation<Void, Never>? in
                guard queue.waiting.isEmpty else { return queue.waiting.removeFirst() }
                queue.isRunning = false
                return nil
            }
            next?.resume()
        }
        try await body()
    }
}

extension Trait where Self == Seeded {
    /// For suites whose tests use libtorch's generator.
    package static var seeded: Self { Self() }
}
