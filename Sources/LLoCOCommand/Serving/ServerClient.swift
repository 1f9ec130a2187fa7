import ArgumentParser
import AsyncHTTPClient
import Foundation
import LLoCO
import LLoCOBase
import NIOCore
import NIOHTTP1

/// The server that a command asks.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A running server: its URL or its Unix socket's path. The key is $LLOCO_API_KEY.", valueName: "url"))
    var server: String?

    /// A client of the server: the requested one, else `$LLOCO_SERVER`, else the one of the settings.
    func client() throws -> ServerClient {
        try ServerClient(server ?? Installation.environment("LLOCO_SERVER") ?? Settings.serverAddress())
    }
}

/// An HTTP client of a running server.
struct ServerClient {
    /// The server's name in messages
    let name: String
    private let base: String
    private let key = Installation.environment("LLOCO_API_KEY")

    /// A server's reply.
    struct Reply {
        let status: UInt
        let body: HTTPClientResponse.Body
    }

    /// Of a whole reply
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

    /// Sends one request.
    ///
    /// - Parameters:
    ///   - body: the JSON to post; nil for GET
    ///   - read: reads a reply with a status of success
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

    /// The JSON object of a whole reply.
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
            throw CommandError("\(name): the reply is not of a lloco server: \(fault.reason)")
        }
    }

    private static func object(_ reply: Reply) async throws -> JSONFields {
        try JSONFields(line: Array(try await reply.body.collect(upTo: maximumBytes).readableBytesView))
    }
}

extension ServerClient.Reply {
    /// Calls `body` for the data of each server-sent event up to `[DONE]`, a JSON object each.
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
