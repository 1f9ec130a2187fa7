import Dispatch
import Foundation

/// A folder for what a measurement needs, gone with it, also where Ctrl-C ends the command.
final class TemporaryFolder {
    let url: URL
    private let sources: [any DispatchSourceSignal]

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "lloco-bench-\(UUID().uuidString)")
        self.url = url
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                try? FileManager.default.removeItem(at: url)
                // Not `exit`: its cleaning up would meet the threads that still compute.
                _exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    func path(_ name: String) -> String { url.appending(path: name).path }

    deinit {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        try? FileManager.default.removeItem(at: url)
    }
}
