import ArgumentParser
import Foundation
import LLoCO
import LLoCOBase
import LLoCOServer

struct MCP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp",
        abstract: "Serve the documents over the Model Context Protocol.",
        usage: "lloco mcp [--folder <dir> ...] [<options>]",
        discussion: """
            A client, such as an assistant or an editor, starts this command and talks to it over stdin and stdout. \
            The tools are ask, search, list and add.

              lloco mcp --library /home/me/work.lloco --folder /home/me/notes

            In the client's configuration:

              {"mcpServers": {"lloco": {"command": "lloco", "args": ["mcp"]}}}

            \(HelpText.allOptions)
            """)

    @Option(
        help: ArgumentHelp(
            "A folder that files may be added from, else texts only. Repeatable.", valueName: "dir"))
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

    /// The lines of stdin. A line that is too long ends the stream.
    private static func lines() -> AsyncStream<[UInt8]> {
        AsyncStream { continuation in
            Thread {
                var lines = LineBuffer()
                while lines.pendingBytes <= MCPServer.maximumBytes {
                    // The bytes that have arrived, without waiting for more.
                    let some = FileHandle.standardInput.availableData
                    if some.isEmpty { break }
                    for line in lines.append(some) { continuation.yield(line) }
                }
                continuation.finish()
            }.start()
        }
    }
}
