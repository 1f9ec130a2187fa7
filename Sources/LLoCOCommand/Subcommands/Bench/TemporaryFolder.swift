@preconcurrency import Dispatch
import Foundation
import Synchronization

/// A folder for what a measurement needs, gone with it, also where Ctrl-C ends the command.
final class TemporaryFolder {
    let url: URL

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "lloco-bench-\(UUID().uuidString)")
        self.url = url
        _ = Self.signals
        Self.present.withLock { _ = $0.insert(url) }
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { url.appending(path: name).path }

    deinit {
        try? FileManager.default.removeItem(at: url)
        Self.present.withLock { _ = $0.remove(url) }
    }

    private static let present = Mutex<Set<URL>>([])

    /// Made once for the whole process: a source that is made while an earlier one of its signal is being cancelled may
    /// never hear of it.
    private static let signals = [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            for url in present.withLock({ $0 }) { try? FileManager.default.removeItem(at: url) }
            // Not `exit`: its cleaning up would meet the threads that still compute.
            _exit(128 + number)
        }
        source.resume()
        return source
    }
}
