// C's `stdout` is a variable, which nothing here changes.
@preconcurrency import Foundation
import LLoCOBase

/// What goes to stdout and stderr.
enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// One line of the command's own: stdout. What could break it or steer the terminal is escaped: names come from
    /// outside.
    static func print(_ line: String) {
        put(Data((line.printable(limit: .max) + "\n").utf8))
    }

    /// Text as it is, which is what was asked for: an answer, a document's text, numbers: stdout.
    static func write(_ text: String) {
        put(Data(text.utf8))
    }

    /// One JSON object, one line: stdout.
    static func json(_ value: some Encodable) throws {
        put(try JSONLine.data(value))
    }

    /// Where stdout takes nothing any more (a full disk, a reader that has gone), the command ends.
    private static func put(_ data: Data) {
        do {
            try FileHandle.standardOutput.write(contentsOf: data)
        } catch {
            note("Error: stdout: \(error.localizedDescription)")
            end(1)
        }
    }

    /// Ends the process with a status.
    ///
    /// Not `exit`: the destructors of libtorch and of what it loads take 0.15 s, and would meet threads that still compute.
    /// Nothing of the command waits for them: a library, its lock and temporary files are closed by their owners, which are
    /// gone when a command has run, where it failed too; output is written at once, but for help, which stdio may hold;
    /// signal handlers and `bench` end by `_exit` themselves, and the system frees memory and mappings.
    static func end(_ status: Int32) -> Never {
        fflush(stdout)
        fflush(stderr)
        _exit(status)
    }

    /// Invites a person to type: stderr.
    static func prompt(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// A remark on what is going on, one line: stderr. Escaped as `print` does.
    static func note(_ line: String) {
        ProgressBar.clearLine()
        try? FileHandle.standardError.write(contentsOf: Data((line.printable(limit: .max) + "\n").utf8))
    }

    /// An error in one line, with what to do about it where there is something.
    static func oneLine(_ error: any Error) -> String {
        var text = "\(error)"
        if let fault = error as? CocoaError {
            // Foundation's own description is a dump of its fields.
            let path = fault.filePath ?? fault.url?.path
            text = (path.map { "\($0): " } ?? "") + fault.localizedDescription
        }
        if let hint = (error as? any CodedError)?.hint { text += "; \(hint.advice)" }
        return text.printable(limit: 2000)
    }
}
