import ArgumentParser

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a running server; it finishes the answers in hand first.",
        discussion: "Its jobs go on when it is started again. A server with keys needs an admin's.")

    @OptionGroup var server: ServerOptions

    private struct Nothing: Encodable {}

    func run() async throws {
        let client = try server.client()
        try await client.ask("/lloco/v1/stop", Nothing()) { _ in }
        Terminal.print("\(client.name) ends")
    }
}
