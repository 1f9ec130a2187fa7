import ArgumentParser
import Foundation
import LLoCOServer
import Synchronization

/// What the server adds to a command that it runs as a job.
struct JobOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Say on stdout, as JSON Lines, how far the work has come, and end when stdin does.", visibility: .hidden))
    var job = false

    /// nil where the command is a person's own
    func report() -> JobReport? { job ? JobReport() : nil }
}

/// Tells the server of a job how far it has come.
final class JobReport: Sendable {
    private let said = Mutex(ContinuousClock.now - .seconds(1))

    init() {
        #if os(Linux)
            // Where memory ends, the job does, not the server.
            try? Data("1000".utf8).write(to: URL(filePath: "/proc/self/oom_score_adj"))
        #endif
        // The server holds the other end: where it has ended, however it did, the job does too.
        Thread {
            while let some = try? FileHandle.standardInput.read(upToCount: 1024), !some.isEmpty {}
            Terminal.end(128 + SIGTERM)
        }.start()
    }

    func say(_ event: JobEvent) throws { try Terminal.json(event) }

    /// Says how far it has come, at most twice a second and at the end.
    func progress(_ phase: JobEvent.Phase, item: String? = nil, _ done: Int, of total: Int) throws {
        let isDue = said.withLock { said in
            let isDue = done == total || said.duration(to: .now) > .milliseconds(500)
            if isDue { said = .now }
            return isDue
        }
        if isDue { try say(.progress(phase, item: item, done: done, total: total)) }
    }
}
