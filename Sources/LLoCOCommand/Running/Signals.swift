import Dispatch
import Foundation

/// The signals that end a process: SIGINT (Ctrl-C) and SIGTERM.
enum Signals {
    /// Keeps a handler alive.
    struct Handling: @unchecked Sendable {
        // Unchecked: the sources are stored and never used.
        fileprivate let sources: [any DispatchSourceSignal]
    }

    /// Ends the process with the status by which shells report a signal.
    static func endProcess(_ number: Int32) -> Never {
        // Not `exit`: destructors would run beside threads that still compute.
        _exit(128 + number)
    }

    /// Calls a handler for each of the signals from now on, instead of their default action.
    ///
    /// Call this once per process and handler: a source that is created while an earlier source of the same signal is
    /// being cancelled may never fire.
    static func handle(_ handler: @escaping @Sendable (Int32) -> Void) -> Handling {
        let sources: [any DispatchSourceSignal] = [SIGINT, SIGTERM].compactMap { number in
            // A shell's background job ignores Ctrl-C and keeps ignoring it.
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
