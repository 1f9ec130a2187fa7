import ArgumentParser
import Foundation
import LLoCO
import LLoCOLibrary
import LLoCOServer
import Logging
import Synchronization

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer over HTTP, as OpenAI's API does: a group is a model.",
        discussion: """
            A client of that API asks the model GROUP, or GROUP:MODE:

              lloco serve
              curl http://127.0.0.1:8321/v1/chat/completions -H 'Content-Type: application/json' \\
                -d '{"model": "work", "messages": [{"role": "user", "content": "What was decided?"}]}'

            Questions that come together are answered together. SIGTERM and Ctrl-C end the server; it finishes the answers \
            in hand first.
            """)

    @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("The port to listen on; 0 for one that is free.", valueName: "n"))
    var port = 8321

    @Option(help: ArgumentHelp("Listen on this Unix socket instead.", valueName: "path"))
    var socket: String?

    @Option(
        help: ArgumentHelp("The maximum seconds that a server which ends waits for its last answers.", valueName: "n"))
    var drainSeconds = 30.0

    @Option(
        help: ArgumentHelp(
            "A file of the keys that clients have to know: a line each, SHA-256, read, write or admin, groups.",
            discussion: """
                Groups stand with commas between, or * for all. A key and its line:

                  key=$(openssl rand -hex 32); echo $(printf %s $key | sha256sum | cut -c1-64) read work
                """, valueName: "file"))
    var apiKeyFile: String?

    @Option(help: ArgumentHelp("A name that clients use for this server; may be repeated.", valueName: "name"))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is logged, as JSON Lines on stderr: trace, debug, info, notice, warning or error.",
            discussion: "info has a line a request: route, status, seconds, id; never a document's text or a question.",
            valueName: "level"), transform: Self.level)
    var logLevel = Logger.Level.warning

    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions

    private static func level(_ name: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: name) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--log-level \(name): expected \(levels)")
        }
        return level
    }

    /// Addresses that only this machine reaches
    private static let loopback: Set = ["127.0.0.1", "::1", "localhost"]

    func validate() throws {
        guard 0...65_535 ~= port else { throw ValidationError("--port \(port): expected 0 to 65535") }
        guard drainSeconds >= 0, drainSeconds <= 86_400 else {
            throw ValidationError("--drain-seconds \(drainSeconds): expected 0 to 86400")
        }
        guard socket != nil || apiKeyFile != nil || Self.loopback.contains(host) else {
            throw ValidationError("--host \(host): others than this machine's own address need --api-key-file")
        }
    }

    func run() async throws {
        let keys = try apiKeyFile.map(Self.keys)
        // Documents may come over HTTP.
        if try library.existing() == nil { _ = try library.open(for: .writing) }
        let store = try library.open(for: .reading)
        let loaded = try await engine.engine(for: store)
        var configuration = ServerConfiguration()
        configuration.address = socket.map { .socket($0) } ?? .host(host, port: port)
        configuration.drainSeconds = drainSeconds
        configuration.keys = keys
        configuration.hosts = Set(allowHost.map { $0.lowercased() })
        configuration.jobs = try jobs(of: loaded, on: store)
        let level = logLevel
        let logger = Logger(label: "lloco.server") { _ in JSONLog(level: level) }
        let server = Server(
            loaded.library(store), model: loaded.modelName, configuration: configuration, logger: logger)
        let isEnding = Atomic(false)
        let signals = Signals.handle { number in
            // The second one waits for nothing.
            guard !isEnding.exchange(true, ordering: .relaxed) else { Signals.endProcess(number) }
            Task { await server.stop() }
        }
        defer { withExtendedLifetime(signals) {} }
        try await server.run { Terminal.print("listening on \($0)") }
    }

    /// Jobs are done by this program, with the library and the model that it serves.
    private func jobs(of loaded: Engine, on store: SQLiteLibrary) throws -> ServerConfiguration.Jobs {
        guard let executable = Bundle.main.executableURL else { throw CommandError("this program is not found") }
        let model = loaded.model.languageModel.path.path
        return ServerConfiguration.Jobs(
            folder: URL(filePath: store.path + ".jobs"), executable: executable,
            options: ["--library=\(store.path)"] + engine.arguments(model: model))
    }

    private static func keys(_ file: String) throws -> AccessKeys {
        let text: String
        do { text = try String(contentsOfFile: file, encoding: .utf8) } catch {
            throw CommandError("--api-key-file \(file): \(error.localizedDescription)")
        }
        do { return try AccessKeys(text) } catch { throw CommandError("--api-key-file \(file): \(error)") }
    }
}
