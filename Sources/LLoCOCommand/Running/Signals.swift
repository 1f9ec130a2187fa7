import Dispatch
import Foundation

/// The signals that end a process: Ctrl-C's and SIGTERM.
enum Signals {
    /// What has to be kept for a handler to be called.
    struct Handling: @unchecked Sendable {
        // Unchecked: nothing is done with them but to keep them.
        fileprivate let sources: [any DispatchSourceSignal]
    }

    /// Ends the process as a shell tells of a signal.
    static func endProcess(_ number: Int32) -> Never {
        // Not `exit`: its cleaning up would meet the threads that still compute.
        _exit(128 + number)
    }

    /// Has a handler called for each of them from here on, in place of what they do otherwise.
    ///
    /// To be called once in a process for each handler: a source that is made while an earlier one of its signal is being
    /// cancelled may never hear of it.
    static func handle(_ handler: @escaping @Sendable (Int32) -> Void) -> Handling {
        let sources: [any DispatchSourceSignal] = [SIGINT, SIGTERM].compactMap { number in
            // A shell's background job ignores Ctrl-C, and goes on doing so.
            let former = signal(number, SIG_IGN)
            if unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { return nil }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { handler(number) }
            source.resume()
            return source
        }
        return Handling(sources: sources)
    }
}
