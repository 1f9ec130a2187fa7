import Foundation
import LLoCOTestSupport
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A temporary folder in which commands run as a user would run them. The tiny models are the default ones.
final class Workplace: Sendable {
    let folder: URL
    private let environment: [String: String]

    static var isLinux: Bool {
        #if os(Linux)
            true
        #else
            false
        #endif
    }

    /// - Parameter environment: overrides variables of a machine where only the tiny models are installed
    init(environment: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "lloco-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var variables = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "TMPDIR", "LANG"].contains($0.key) || $0.key.hasSuffix("LIBRARY_PATH")
        }
        variables["LLOCO_MODEL"] = TestFiles.autocompressor.path
        variables["LLOCO_EMBEDDER"] = TestFiles.embedder.path
        variables["LLOCO_HOME"] = folder.appending(path: "home").path
        variables["LLOCO_MODELS"] = folder.appending(path: "models").path
        variables["HF_HUB_CACHE"] = folder.appending(path: "cache").path
        variables["XDG_CONFIG_HOME"] = folder.appending(path: "config").path
        // More threads gain nothing with the tiny models, and wait for each other on a busy machine.
        variables["OMP_NUM_THREADS"] = "1"
        self.environment = variables.merging(environment) { $1 }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
        try? FileManager.default.removeItem(atPath: folder.path + "-runs")
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }

    @discardableResult
    func write(_ name: String, text: String) throws -> String { try write(name, text.utf8) }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

    /// The objects of a file of JSON Lines.
    func objects(_ name: String) throws -> [[String: Any]] {
        try bytes(name).split(separator: UInt8(ascii: "\n")).map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any], "no object: \(name)")
        }
    }

    /// Copies a file or folder to a writable copy.
    func copy(_ source: URL, to name: String) throws {
        try FileManager.default.copyItem(at: source, to: folder.appending(path: name))
    }

    /// Starts the command.
    ///
    /// - Parameter takesTurn: whether it waits until few others run; false for a process that others wait for
    func start(_ arguments: [String], input: String = "", takesTurn: Bool = true) async throws -> RunningCommand {
        let command = try #require(
            CommandUnderTest.url, "the product lloco is not beside the tests: build it, or name it in LLOCO_COMMAND")
        return try await start(program: command.path, arguments, input: input, takesTurn: takesTurn)
    }

    /// Starts any program. In a shell's script `$LLOCO` is the command.
    func start(
        program: String, _ arguments: [String], input: String = "", takesTurn: Bool = true
    ) async throws -> RunningCommand {
        var environment = environment
        environment["LLOCO"] = CommandUnderTest.url?.path
        return try await RunningCommand(
            program, arguments, input: input, environment: environment, folder: folder, takesTurn: takesTurn)
    }

    /// Runs the command to its end.
    func run(_ arguments: String..., input: String = "") async throws -> Outcome {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String = "") async throws -> Outcome {
        try await start(arguments, input: input).end()
    }

    /// Runs a shell's script to its end.
    func shell(_ script: String, input: String = "") async throws -> Outcome {
        try await start(program: "/bin/sh", ["-c", script], input: input).end()
    }
}
