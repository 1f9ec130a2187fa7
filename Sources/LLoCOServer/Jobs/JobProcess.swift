import Foundation

/// The process that does a job: `lloco` itself, at the lowest priority. It ends with the server, whose pipe it reads.
struct JobProcess: Sendable {
    let executable: URL
    let arguments: [String]
    /// Where its stdout goes, at the end
    let events: URL
    /// Where its stderr goes
    let errors: URL

    /// How it has ended.
    enum Ending: Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    /// How long it has for its end before it is killed
    private static let patience = 10.0

    /// Runs it to its end, which comes early where the task is cancelled.
    func run() async throws -> Ending {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["nice", "-n", "19", executable.path] + arguments
        let life = Pipe()
        process.standardInput = life
        try FileManager.default.createPrivateFile(errors)
        let output = try FileHandle(forWritingTo: events)
        let errorOutput = try FileHandle(forWritingTo: errors)
        defer {
            try? output.close()
            try? errorOutput.close()
            try? life.fileHandleForWriting.close()
        }
        try output.seekToEnd()
        (process.standardOutput, process.standardError) = (output, errorOutput)
        let (ended, continuation) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
        let number = process.processIdentifier
        await withTaskCancellationHandler {
            // Not by the task's own cancellation: its end is waited for in any case.
            await Task { for await _ in ended {} }.value
        } onCancel: {
            kill(number, SIGTERM)
            Task.detached {
                try? await Task.sleep(for: .seconds(Self.patience))
                if process.isRunning { kill(number, SIGKILL) }
            }
        }
        return process.terminationReason == .exit
            ? .exit(process.terminationStatus) : .signal(process.terminationStatus)
    }
}
