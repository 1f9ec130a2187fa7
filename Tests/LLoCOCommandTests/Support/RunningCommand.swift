import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A started process. Its output goes to files, so that nothing is lost and it never waits for a reader.
final class RunningCommand: @unchecked Sendable {
    // Unchecked: after `run`, `process` is used for its id and to end it; both are safe from any thread.
    private let process = Process()
    private let finished: AsyncStream<Void>
    private let output: URL
    private let errors: URL
    private let started: ContinuousClock.Instant
    private static let launch = NSLock()

    init(
        _ program: String, _ arguments: [String], input: String, environment: [String: String], folder: URL,
        takesTurn: Bool
    ) async throws {
        let scratch = folder.deletingLastPathComponent()
            .appending(path: "\(folder.lastPathComponent)-runs/\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        output = scratch.appending(path: "output")
        errors = scratch.appending(path: "errors")
        let given = scratch.appending(path: "input")
        try Data(input.utf8).write(to: given)
        try Data().write(to: output)
        try Data().write(to: errors)
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = folder
        let handles = [
            try FileHandle(forReadingFrom: given), try FileHandle(forWritingTo: output),
            try FileHandle(forWritingTo: errors),
        ]
        process.standardInput = handles[0]
        process.standardOutput = handles[1]
        process.standardError = handles[2]
        // Foundation keeps an ended process and its handles. With about 1,350 open files its `run()` reads behind the
        // end of a buffer (swift-corelibs-foundation 5472).
        defer { for handle in handles { try? handle.close() } }
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        finished = stream
        process.terminationHandler = { _ in
            if takesTurn { Slots.shared.free() }
            continuation.finish()
        }
        if takesTurn { await Slots.shared.take() }
        started = .now
        do { try Self.withDefaultSignals { try process.run() } } catch {
            if takesTurn { Slots.shared.free() }
            throw error
        }
    }

    /// Runs `body` with the default signals. A process inherits its parent's ignored and blocked signals, and a test
    /// runner's threads have others than a shell.
    ///
    /// One at a time: under load Foundation crashed in concurrent calls of `run()`.
    private static func withDefaultSignals(_ body: () throws -> Void) rethrows {
        launch.lock()
        defer { launch.unlock() }
        signal(SIGINT, SIG_DFL)
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    var isRunning: Bool { process.isRunning }

    /// The output so far.
    var printed: String { (try? Data(contentsOf: output)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// The number of lines printed so far.
    var printedLines: Int { printed.utf8.count { $0 == UInt8(ascii: "\n") } }

    /// The names of its threads; empty on systems that do not list them, and after the end.
    var threads: Set<String> {
        let folder = "/proc/\(process.processIdentifier)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Set(
            threads.compactMap { try? String(contentsOfFile: "\(folder)/\($0)/comm", encoding: .utf8) }
                .map { $0.trimmingCharacters(in: .newlines) })
    }

    func send(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    /// Waits for the end. Kills the process after `limit`, which no test expects.
    func end(within limit: Duration = .seconds(180)) async throws -> Outcome {
        let guardian = Task {
            try await Task.sleep(for: limit)
            send(SIGKILL)
        }
        for await _ in finished {}
        guardian.cancel()
        let bySignal = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: bySignal ? -1 : process.terminationStatus, signal: bySignal ? process.terminationStatus : nil,
            output: try Data(contentsOf: output), errors: try Data(contentsOf: errors),
            seconds: Double((ContinuousClock.now - started) / .milliseconds(1)) / 1000)
    }
}

/// Limits the number of concurrent processes: tests run in parallel, and each process uses a core.
final class Slots: @unchecked Sendable {
    static let shared = Slots(max(2, ProcessInfo.processInfo.activeProcessorCount))

    // Guarded by the lock.
    private let lock = NSLock()
    private var count: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { self.count = count }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = lock.withLock {
                if count > 0 {
                    count -= 1
                    return true
                }
                waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func free() {
        let next: CheckedContinuation<Void, Never>? = lock.withLock {
            if waiting.isEmpty {
                count += 1
                return nil
            }
            return waiting.removeFirst()
        }
        next?.resume()
    }
}
