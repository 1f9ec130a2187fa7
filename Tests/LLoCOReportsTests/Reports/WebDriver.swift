import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A browser controlled through chromedriver (W3C WebDriver) on the loopback interface.
final class WebDriver {
    static let program = HeadlessBrowser.find("chromedriver")
    private static let curl = HeadlessBrowser.find("curl")
    static let isThere = program != nil && curl != nil && HeadlessBrowser.program != nil

    private let process = Process()
    private let folder: URL
    private var address = ""

    init(width: Int = 1280, height: Int = 900) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "webdriver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let output = folder.appending(path: "output")
        try Data().write(to: output)
        process.executableURL = URL(fileURLWithPath: try #require(Self.program))
        process.arguments = ["--port=0"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        do {
            try await start(output, width, height)
        } catch {
            end()
            throw error
        }
    }

    private func start(_ output: URL, _ width: Int, _ height: Int) async throws {
        var port: String?
        for _ in 0..<300 where port == nil {
            try await Task.sleep(for: .milliseconds(100))
            let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
            port = text.firstMatch(of: /started successfully on port (\d+)/).map { String($0.1) }
        }
        address = "http://127.0.0.1:\(try #require(port))/session"
        let options: [String: Any] = [
            "binary": try #require(HeadlessBrowser.program),
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--window-size=\(width),\(height)", "--user-data-dir=\(folder.appending(path: "profile").path)",
            ],
        ]
        let capabilities: [String: Any] = ["goog:chromeOptions": options, "goog:loggingPrefs": ["browser": "ALL"]]
        let session = try await send("POST", "", ["capabilities": ["alwaysMatch": capabilities]])
        address += "/" + (try #require((session as? [String: Any])?["sessionId"] as? String))
    }

    /// Ends the browser and chromedriver.
    func close() async {
        _ = try? await send("DELETE", "", nil)
        end()
        try? FileManager.default.removeItem(at: folder)
    }

    private func end() {
        // The browser has ended with its session; chromedriver can be killed.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    func open(_ page: String) async throws {
        let file = folder.appending(path: "page.html")
        try Data(page.utf8).write(to: file)
        _ = try await send("POST", "/url", ["url": file.absoluteString])
    }

    /// Types `text`, which may contain WebDriver's key code points: `\u{E007}` is Enter, `\u{E015}` arrow down.
    func type(_ text: String, into selector: String) async throws {
        _ = try await send("POST", "/element/\(try await element(selector))/value", ["text": text])
    }

    func click(_ selector: String) async throws {
        _ = try await send("POST", "/element/\(try await element(selector))/click", [:])
    }

    /// The result of a JavaScript function body.
    func evaluate(_ body: String) async throws -> Any? {
        try await send("POST", "/execute/sync", ["script": body, "args": [Any]()])
    }

    /// Waits up to ten seconds until an expression is true; returns whether it became true.
    func waits(for expression: String) async throws -> Bool {
        for _ in 0..<200 {
            if try await evaluate("return Boolean(\(expression))") as? Bool == true { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    /// The console messages since the last call.
    func console() async throws -> [String] {
        let entries = try await send("POST", "/se/log", ["type": "browser"]) as? [[String: Any]]
        return try #require(entries).map { "\($0["level"] ?? "") \($0["message"] ?? "")" }
    }

    private func element(_ selector: String) async throws -> String {
        let found = try await send("POST", "/element", ["using": "css selector", "value": selector])
        return try #require((found as? [String: String])?.values.first)
    }

    /// Sends a request with curl, since Foundation on Linux cannot read chromedriver's response headers.
    private func send(_ method: String, _ path: String, _ body: [String: Any]?) async throws -> Any? {
        let input = folder.appending(path: "request")
        let output = folder.appending(path: "answer")
        try JSONSerialization.data(withJSONObject: body ?? [:]).write(to: input)
        try Data().write(to: output)
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: try #require(Self.curl))
        curl.arguments =
            ["--silent", "--noproxy", "*", "--max-time", "60", "--request", method]
            + (body == nil ? [] : ["--header", "Content-Type: application/json", "--data-binary", "@\(input.path)"])
            + ["--output", output.path, address + path]
        try curl.run()
        while curl.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        let data = try Data(contentsOf: output)
        guard curl.terminationStatus == 0, let answer = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { throw Fault(message: "\(method) \(path): \(String(decoding: data, as: UTF8.self))") }
        if let value = answer["value"] as? [String: Any], let error = value["error"] {
            throw Fault(message: "\(method) \(path): \(error): \(value["message"] ?? "")")
        }
        return answer["value"]
    }

    struct Fault: Error {
        var message: String
    }
}
