import ArgumentParser
import AsyncHTTPClient
import Foundation
import LLoCO
import LLoCOBase
import NIOCore
import NIOHTTP1

/// Which server a command asks.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A running 'lloco serve': its address, or its Unix socket's path.",
            discussion: "Default: $LLOCO_SERVER, else \(Self.standard). Its key is $LLOCO_API_KEY.", valueName: "url"))
    var server: String?

    static let standard = "http://127.0.0.1:8321"

    /// A client of it.
    func client() throws -> ServerClient {
        try ServerClient(server ?? Installation.environment("LLOCO_SERVER") ?? Self.standard)
    }
}

/// Asks a running server.
struct ServerClient {
    /// What messages call it
    let name: String
    private let base: String
    private let key = Installation.environment("LLOCO_API_KEY")

    /// What a server answered.
    struct Reply {
        let status: UInt
        let body: HTTPClientResponse.Body
    }

    /// The most bytes of a whole answer
    private static let maximumBytes = 64 << 20

    /// - Parameter address: `http://HOST:PORT`, `https://HOST`, or a Unix socket's path
    init(_ address: String) throws {
        name = address
        if address.hasPrefix("/") || address.hasPrefix("unix:") {
            let path = address.hasPrefix("unix:") ? String(address.dropFirst("unix:".count)) : address
            base = "http+unix://\(path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
        } else {
            guard let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host != nil else {
                throw CommandError("--server \(address): expected http://HOST:PORT or a Unix socket's path")
            }
            base = address.hasSuffix("/") ? String(address.dropLast()) : address
        }
    }

    /// Asks once.
    ///
    /// - Parameters:
    ///   - body: JSON that is posted; nil for GET
    ///   - read: reads a reply whose status says that all went well
    func ask<Value>(_ path: String, _ body: (any Encodable)? = nil, _ read: (Reply) async throws -> Value) async throws
        -> Value
    {
        var request = HTTPClientRequest(url: base + path)
        request.headers.add(name: "user-agent", value: "lloco/\(Release.version)")
        if base.hasPrefix("http+unix:") { request.headers.replaceOrAdd(name: "host", value: "localhost") }
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        if let body {
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(try JSONLine.data(body))
        }
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let value = try await reply(client, request, read)
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// A whole answer's JSON object.
    func object(_ path: String, _ body: (any Encodable)? = nil) async throws -> JSONFields {
        try await ask(path, body) { try await Self.object($0) }
    }

    private func reply<Value>(
        _ client: HTTPClient, _ request: HTTPClientRequest, _ read: (Reply) async throws -> Value
    ) async throws -> Value {
        let response: HTTPClientResponse
        do { response = try await client.execute(request, timeout: .hours(24)) } catch {
            throw CommandError("\(name): no server answers there (\(error)); 'lloco serve' starts one")
        }
        let reply = Reply(status: response.status.code, body: response.body)
        guard 200..<300 ~= reply.status else {
            let error = try? await Self.object(reply).fields("error")
            let message = try? error?.string("message")
            throw CommandError("\(name): \(message ?? "status \(reply.status)")")
        }
        do { return try await read(reply) } catch let fault as JSONFields.Fault {
            throw CommandError("\(name): not an answer of lloco's: \(fault.reason)")
        }
    }

    private static func object(_ reply: Reply) async throws -> JSONFields {
        try JSONFields(line: Array(try await reply.body.collect(upTo: maximumBytes).readableBytesView))
    }
}

extension ServerClient.Reply {
    /// The data of server-sent events up to `[DONE]`, each a JSON object.
    func forEachEvent(_ body: (JSONFields) async throws -> Void) async throws {
        var lines = LineBuffer()
        for try await buffer in self.body {
            for line in lines.append(buffer.readableBytesView) {
                guard line.starts(with: "data: ".utf8) else { continue }
                let data = Array(line.dropFirst("data: ".utf8.count))
                if data.elementsEqual("[DONE]".utf8) { return }
                try await body(JSONFields(line: data))
            }
            guard lines.pendingBytes <= 16 << 20 else { throw JSONFields.Fault(reason: "an event is too long") }
        }
    }
}
