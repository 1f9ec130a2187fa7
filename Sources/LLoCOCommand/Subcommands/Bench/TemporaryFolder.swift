import Foundation
import Synchronization

/// A folder for a measurement's files. It is removed with this object, and when Ctrl-C ends the command.
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

    private static let signals = Signals.handle { number in
        for url in present.withLock({ $0 }) { try? FileManager.default.removeItem(at: url) }
        Signals.endProcess(number)
    }
}
