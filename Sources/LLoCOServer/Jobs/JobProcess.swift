import Foundation

/// The process of a job: `lloco` at the lowest priority. Its stdin is a pipe of the server, so it ends with the server.
struct JobProcess: Sendable {
    let executable: URL
    let arguments: [String]
    /// The file that stdout is appended to
    let events: URL
    /// The file for stderr
    let errors: URL

    /// The exit status or signal that ended the process.
    enum Termination: Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    /// Seconds between SIGTERM and SIGKILL
    private static let killDelay = 10.0

    /// Runs the process until it exits. Cancelling the task terminates the process.
    func run() async throws -> Termination {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["nice", "-n", "19", executable.path] + arguments
        let lifeline = Pipe()
        process.standardInput = lifeline
        try FileManager.default.createPrivateFile(errors)
        let output = try FileHandle(forWritingTo: events)
        let errorOutput = try FileHandle(forWritingTo: errors)
        defer {
            try? output.close()
            try? errorOutput.close()
            try? lifeline.fileHandleForWriting.close()
        }
        try output.seekToEnd()
        (process.standardOutput, process.standardError) = (output, errorOutput)
        let (ended, continuation) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
        let number = process.processIdentifier
        await withTaskCancellationHandler {
            // A separate task, which this task's cancellation does not end: the process's exit is always awaited.
            await Task { for await _ in ended {} }.value
        } onCancel: {
            kill(number, SIGTERM)
            Task.detached {
                try? await Task.sleep(for: .seconds(Self.killDelay))
                if process.isRunning { kill(number, SIGKILL) }
            }
        }
        return process.terminationReason == .exit
            ? .exit(process.terminationStatus) : .signal(process.terminationStatus)
    }
}
