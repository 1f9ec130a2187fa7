import ArgumentParser
import Foundation
import LLoCO
import LLoCOBase
import LLoCOServer

struct MCP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp",
        abstract: "Offer the documents to a language model's program, over the Model Context Protocol.",
        discussion: """
            The program starts this command and speaks to it over stdin and stdout. Its tools are ask, search, list and add:

              {"mcpServers": {"lloco": {"command": "lloco", "args": ["mcp", "--library", "/home/me/work.lloco"]}}}
            """)

    @Option(
        help: ArgumentHelp(
            "A folder that files may be added from; may be repeated. Without one, only texts are.", valueName: "dir"))
    var folder: [String] = []

    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions

    func run() async throws {
        if try library.existing() == nil { _ = try library.open(for: .writing) }
        let store = try library.open(for: .reading)
        let loaded = try await engine.engine(for: store)
        let path = store.path
        let server = MCPServer(loaded.library(store), folders: folder.map { URL(filePath: $0) }) {
            try await loaded.library(at: path)
        }
        await server.run(Self.lines()) { line in Terminal.write(String(decoding: line, as: UTF8.self) + "\n") }
    }

    /// What comes on stdin, a line at a time; a line that is too long ends it.
    private static func lines() -> AsyncStream<[UInt8]> {
        AsyncStream { continuation in
            Thread {
                var lines = LineBuffer()
                while lines.pendingBytes <= MCPServer.maximumBytes {
                    // As much as there is, without waiting for more.
                    let some = FileHandle.standardInput.availableData
                    if some.isEmpty { break }
                    for line in lines.append(some) { continuation.yield(line) }
                }
                continuation.finish()
            }.start()
        }
    }
}
