import ArgumentParser

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a running server after its current answers.",
        discussion: """
            The server's jobs resume when it is started again. A server with keys needs an admin's key.

              lloco stop
              LLOCO_API_KEY=$key lloco stop --server http://127.0.0.1:9000

            Without --server it stops $LLOCO_SERVER, else the server at the host and port that 'lloco config' shows.
            """)

    @OptionGroup var server: ServerOptions

    private struct Nothing: Encodable {}

    func run() async throws {
        let client = try server.client()
        try await client.ask("/lloco/v1/stop", Nothing()) { _ in }
        Terminal.print("\(client.name) ends")
    }
}
