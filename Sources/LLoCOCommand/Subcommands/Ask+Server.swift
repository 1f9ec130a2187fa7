import ArgumentParser
import LLoCOBase
import LLoCOCompression

extension Ask {
    /// The request to a running server.
    private struct Request: Encodable {
        struct Message: Encodable {
            let role = "user"
            let content: String
        }
        struct Reading: Encodable {
            let mode: String
            var documents: [String]?
            var budget: String?
        }
        struct StreamOptions: Encodable {
            let includeUsage = true
            enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
        }

        let model: String
        let messages: [Message]
        let stream = true
        let streamOptions = StreamOptions()
        let maxTokens: Int
        let temperature: Double
        let topP: Double
        let seed: UInt64
        var stop: [String]?
        let lloco: Reading

        enum CodingKeys: String, CodingKey {
            case model, messages, stream, temperature, seed, stop, lloco
            case streamOptions = "stream_options"
            case maxTokens = "max_tokens"
            case topP = "top_p"
        }
    }

    /// Asks a server.
    func ask(_ client: ServerClient) async throws {
        let request = Request(
            model: try await model(of: client), messages: [.init(content: question)],
            maxTokens: answering.generation.maxTokens, temperature: answering.generation.temperature,
            topP: answering.generation.topP, seed: answering.engine.model.compute.seed & UInt64(Int64.max),
            stop: answering.generation.stop.isEmpty ? nil : answering.generation.stop,
            lloco: .init(
                mode: answering.mode.rawValue, documents: answering.document.isEmpty ? nil : answering.document,
                budget: answering.budget.budget.map { "\($0)" }))
        var given = GivenAnswer()
        try await client.ask("/v1/chat/completions", request) { reply in
            try await reply.forEachEvent { event in
                let piece = try given.take(event)
                if !output.json { Terminal.write(piece) }
            }
        }
        try given.show(json: output.json)
    }

    /// The requested group, else the server's only one.
    private func model(of client: ServerClient) async throws -> String {
        if let group = answering.group { return group }
        if answering.mode == .none { return try await client.object("/lloco/v1/status").text("model") }
        let groups = try await client.object("/lloco/v1/groups").objects("groups").map { try $0.text("name") }
        guard groups.count == 1, let group = groups.first else {
            throw CommandError(
                groups.isEmpty
                    ? "\(client.name): no documents yet; 'lloco add' adds some"
                    : "--group is missing, expected one of \(groups.joined(separator: ", "))")
        }
        return group
    }

    func checkServer() throws {
        guard server.server != nil else { return }
        let others = [
            "--documents": answering.documents != 1, "--passages": answering.passages != 4,
            "--text-share": answering.budget.textShare != nil, "--adapter": answering.adapter != nil,
            "--no-adapter": answering.noAdapter, "--library": answering.library.library != nil,
            "--model": answering.engine.model.model != nil,
        ]
        if let name = others.filter(\.value).keys.min() {
            throw ValidationError("\(name): with --server the server decides, expected only one of them")
        }
    }
}
