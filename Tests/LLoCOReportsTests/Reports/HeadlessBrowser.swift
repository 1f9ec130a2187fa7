import Foundation
import Testing

/// Headless Chromium that opens a page and returns its elements and console messages.
struct HeadlessBrowser {
    struct Visit {
        /// The page's elements as markup after its scripts have run.
        var elements: String
        /// Console lines: script logs, script errors, and violations of the content security policy.
        var console: [String]
        var status: Int32
        var seconds: Double
    }

    /// The first installed program; nil if there is none.
    static let program = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].lazy
        .compactMap(find).first

    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Opens `page`. The browser is killed after 90 s.
    ///
    /// - Parameters:
    ///   - fragment: the URL fragment after `#`
    ///   - runsScripts: whether JavaScript is enabled in the browser's settings
    func visit(_ page: String, fragment: String = "", runsScripts: Bool = true) throws -> Visit {
        let program = try #require(Self.program)
        let file = folder.appending(path: "page.html")
        try Data(page.utf8).write(to: file)
        let profile = folder.appending(path: "profile")
        if !runsScripts {
            let settings = profile.appending(path: "Default")
            try FileManager.default.createDirectory(at: settings, withIntermediateDirectories: true)
            try Data(#"{"profile":{"default_content_setting_values":{"javascript":2}}}"#.utf8)
                .write(to: settings.appending(path: "Preferences"))
        }
        let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))
        for file in [output, errors] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-extensions", "--user-data-dir=\(profile.path)",
            "--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000", "--dump-dom",
            file.absoluteString + (fragment.isEmpty ? "" : "#" + fragment),
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let start = ContinuousClock.now
        try process.run()
        while process.isRunning, ContinuousClock.now - start < .seconds(90) { Thread.sleep(forTimeInterval: 0.05) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        let log = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
        return Visit(
            elements: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            console: log.split(separator: "\n").filter { $0.contains("CONSOLE") }.map { String($0) },
            status: process.terminationStatus, seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
