import ArgumentParser
import Foundation
import LLoCO
import LLoCOLibrary
import LLoCOServer
import Logging
import Synchronization

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a page, OpenAI's API and Ollama's API over HTTP.",
        usage: "lloco serve [<options>]",
        discussion: """
            A group is a model. The model GROUP:MODE answers in another mode:

              lloco serve
              curl http://127.0.0.1:8321/v1/chat/completions \\
                -H 'Content-Type: application/json' \\
                -d '{"model": "work", "messages":
                     [{"role": "user", "content": "What was decided?"}]}'

            Concurrent questions are answered in one batch. SIGTERM and Ctrl-C end the server after its current answers.

            \(HelpText.allOptions)
            """)

    @Option(help: ArgumentHelp("The address to listen on. Default: 127.0.0.1.", valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp("The port to listen on; 0: any free. Default: 8321.", valueName: "n"))
    var port: Int?

    @Option(help: ArgumentHelp("Listen on this Unix socket instead.", valueName: "path"))
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "Maximum seconds that an ending server waits for its current answers.", valueName: "n", visibility: .hidden)
    )
    var drainSeconds = 30.0

    @Option(
        help: ArgumentHelp(
            "A file of clients' keys. One per line: SHA-256, read, write or admin, groups.",
            discussion: """
                Groups are comma-separated, * for all. A key and its line:

                  key=$(openssl rand -hex 32)
                  echo $(printf %s $key | sha256sum | cut -c1-64) read work
                """, valueName: "file"))
    var apiKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "A host name that clients use for this server. Repeatable.", valueName: "name", visibility: .hidden))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "The minimum level of the log, JSON Lines on stderr: trace, debug, info, notice, warning or error.",
            discussion: "info: a line per request with route, status, seconds and id, without texts and questions.",
            valueName: "level", visibility: .hidden), transform: Self.level)
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

    /// Addresses that other machines cannot reach
    private static let loopback: Set = ["127.0.0.1", "::1", "localhost"]

    func validate() throws {
        if let port, !(0...65_535 ~= port) { throw ValidationError("--port \(port): expected 0 to 65535") }
        guard drainSeconds >= 0, drainSeconds <= 86_400 else {
            throw ValidationError("--drain-seconds \(drainSeconds): expected 0 to 86400")
        }
        if let host, let objection = objection(to: host) { throw ValidationError("--host \(objection)") }
    }

    /// The reason not to listen on `host`; nil for an address that may be listened on.
    private func objection(to host: String) -> String? {
        guard socket == nil, apiKeyFile == nil, !Self.loopback.contains(host) else { return nil }
        return "\(host): others than this machine's own address need --api-key-file"
    }

    func run() async throws {
        let (host, port) = (try Settings.host(host), try Settings.port(port))
        if let objection = objection(to: host) { throw CommandError("host \(objection)") }
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
            // The second signal ends the process at once.
            guard !isEnding.exchange(true, ordering: .relaxed) else { Signals.endProcess(number) }
            Task { await server.stop() }
        }
        defer { withExtendedLifetime(signals) {} }
        try await server.run { Terminal.print("listening on \($0)") }
    }

    /// Jobs run this program, with the library and the model of the server.
    private func jobs(of loaded: Engine, on store: SQLiteLibrary) throws -> ServerConfiguration.Jobs {
        guard let executable = Bundle.main.executableURL else {
            throw CommandError("the program's own file is not found; jobs need it")
        }
        let options = try engine.arguments(model: loaded.model.languageModel.path.path)
        return ServerConfiguration.Jobs(
            folder: URL(filePath: store.path + ".jobs"), executable: executable,
            options: ["--library=\(store.path)"] + options)
    }

    private static func keys(_ file: String) throws -> AccessKeys {
        let text: String
        do { text = try String(contentsOfFile: file, encoding: .utf8) } catch {
            throw CommandError("--api-key-file \(file): \(error.localizedDescription)")
        }
        do { return try AccessKeys(text) } catch { throw CommandError("--api-key-file \(file): \(error)") }
    }
}
