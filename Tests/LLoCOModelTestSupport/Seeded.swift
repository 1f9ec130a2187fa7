import Synchronization
package import Testing

/// Runs the tests of a suite one at a time, and one at a time with those of all other suites with this trait.
///
/// libtorch's random generator is the process's own: of two tests that seed it at once, each would take the other's numbers.
package struct Seeded: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    /// Whether one runs, and who waits, the first in line first.
    private struct Line {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let line = Mutex(Line())

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        // A suite and a function's cases together only hold what runs.
        guard testCase != nil else { return try await body() }
        await withCheckedContinuation { continuation in
            let isFree = Self.line.withLock { line in
                defer { line.isTaken = true }
                if line.isTaken { line.waiting.append(continuation) }
                return !line.isTaken
            }
            if isFree { continuation.resume() }
        }
        defer {
            let next = Self.line.withLock { line -> CheckedContinuation<Void, Never>? in
                guard line.waiting.isEmpty else { return line.waiting.removeFirst() }
                line.isTaken = false
                return nil
            }
            next?.resume()
        }
        try await body()
    }
}

extension Trait where Self == Seeded {
    /// For suites whose tests draw from libtorch's generator.
    package static var seeded: Self { Self() }
}
