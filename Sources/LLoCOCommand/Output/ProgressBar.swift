import Foundation
import LLoCOBase
import Synchronization

/// A progress bar with the remaining time on stderr. Prints nothing if stderr is not a terminal.
final class ProgressBar: Sendable {
    private let title: String
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    private struct State {
        var drawn = ContinuousClock.now - .seconds(1)
        var first: Int?
    }

    init(_ title: String) {
        self.title = title.printable(limit: 60)
    }

    func update(_ done: Int, of total: Int, detail: String = "") {
        guard Terminal.isInteractive, total > 0 else { return }
        // The progress of an earlier, interrupted run does not count for this run's speed.
        let (first, isDue) = state.withLock { state in
            let first = state.first ?? done
            state.first = first
            let isDue = done == total || state.drawn.duration(to: .now) > .milliseconds(100)
            if isDue { state.drawn = .now }
            return (first, isDue)
        }
        guard isDue else { return }
        let share = min(1, Double(done) / Double(total))
        let filled = Int(share * 24)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        var left = ""
        if done > first, done < total {
            let seconds = start.duration(to: .now).seconds / Double(done - first) * Double(total - done)
            left = " \(Self.clock(seconds)) left"
        }
        Self.clearLine()
        try? FileHandle.standardError.write(
            contentsOf: Data("\(title) \(bar) \(Int(share * 100)) %\(left)\(detail.isEmpty ? "" : " · \(detail)")".utf8)
        )
    }

    func finish() {
        Self.clearLine()
    }

    static func clearLine() {
        if Terminal.isInteractive { try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8)) }
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
