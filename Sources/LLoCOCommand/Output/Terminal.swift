// C's `stdout` is a variable, which nothing here changes.
@preconcurrency import Foundation
import LLoCOBase
import Synchronization

/// Writes to stdout and stderr.
enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// Prints a line to stdout. Escapes characters that could break the line or control the terminal: names may hold
    /// any.
    static func print(_ line: String) {
        put(Data((line.printable(limit: .max) + "\n").utf8))
    }

    /// Writes text to stdout unescaped: an answer, a document's text, numbers.
    static func write(_ text: String) {
        put(Data(text.utf8))
    }

    /// Prints a JSON object as one line to stdout.
    static func json(_ value: some Encodable) throws {
        put(try JSONLine.data(value))
    }

    /// Ends the command if stdout cannot be written: the disk is full, the reader has closed the pipe.
    private static func put(_ data: Data) {
        do {
            try FileHandle.standardOutput.write(contentsOf: data)
        } catch {
            Self.error("stdout: \(error.localizedDescription)")
            end(1)
        }
    }

    /// Ends the process with a status.
    ///
    /// Not `exit`: the destructors of libtorch and its libraries take 0.15 s and would run beside threads that still
    /// compute. Skipping them is safe. A library, its lock and temporary files are closed by their owners, which are
    /// released when a command has run or failed. Output is unbuffered, except help, which stdio may buffer. Signal
    /// handlers and `bench` call `_exit` themselves, and the system frees memory and mappings.
    static func end(_ status: Int32) -> Never {
        fflush(stdout)
        fflush(stderr)
        _exit(status)
    }

    /// Prints a prompt for input to stderr.
    static func prompt(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Prints a remark as one line to stderr, escaped as `print` does.
    static func note(_ line: String) {
        standardError(line)
        let receiver = noteReceiver.withLock { $0 }
        receiver?(line)
    }

    /// Passes notes to `receiver` too.
    static func sendNotes(to receiver: @escaping @Sendable (String) -> Void) {
        noteReceiver.withLock { $0 = receiver }
    }

    private static let noteReceiver = Mutex<(@Sendable (String) -> Void)?>(nil)

    /// Prints the reason of a failure as one line to stderr.
    static func error(_ line: String) { standardError("Error: " + line) }

    private static func standardError(_ line: String) {
        ProgressBar.clearLine()
        try? FileHandle.standardError.write(contentsOf: Data((line.printable(limit: .max) + "\n").utf8))
    }

    /// The message of an error in one line, with its advice.
    static func oneLine(_ error: any Error) -> String {
        var text = "\(error)"
        if let fault = error as? CocoaError {
            // Foundation's description is a dump of the fields.
            let path = fault.filePath ?? fault.url?.path
            text = (path.map { "\($0): " } ?? "") + fault.localizedDescription
        }
        if let hint = (error as? any CodedError)?.hint { text += "; \(hint.advice)" }
        return text.printable(limit: 2000)
    }
}
