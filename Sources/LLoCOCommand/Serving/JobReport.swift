import ArgumentParser
import Foundation
import LLoCOServer
import Synchronization

/// The option that the server adds to a command that it runs as a job.
struct JobOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Print progress to stdout as JSON Lines, and end when stdin does.", visibility: .private))
    var job = false

    /// nil for a command that no server runs
    func report() -> JobReport? { job ? JobReport() : nil }
}

/// Reports a job's progress to its server.
final class JobReport: Sendable {
    private let reported = Mutex(ContinuousClock.now - .seconds(1))

    init() {
        Terminal.sendNotes { try? Terminal.json(JobEvent.note($0)) }
        #if os(Linux)
            // Out of memory, the system ends the job, not the server.
            try? Data("1000".utf8).write(to: URL(filePath: "/proc/self/oom_score_adj"))
        #endif
        // The server holds the other end: the job ends with it, whatever ended the server.
        Thread {
            while let some = try? FileHandle.standardInput.read(upToCount: 1024), !some.isEmpty {}
            Terminal.end(128 + SIGTERM)
        }.start()
    }

    func say(_ event: JobEvent) throws { try Terminal.json(event) }

    /// Reports progress at most twice a second, and at the end.
    func progress(_ phase: JobEvent.Phase, item: String? = nil, _ done: Int, of total: Int) throws {
        let isDue = reported.withLock { reported in
            let isDue = done == total || reported.duration(to: .now) > .milliseconds(500)
            if isDue { reported = .now }
            return isDue
        }
        if isDue { try say(.progress(phase, item: item, done: done, total: total)) }
    }
}
