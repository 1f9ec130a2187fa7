import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A value as JSON.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder.snakeCase.encode(value))))
    }

    /// Server-sent events.
    static func events(_ write: @escaping @Sendable (inout EventWriter) async throws -> Void) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-cache", .connection: "close"],
            body: ResponseBody { writer in
                var events = EventWriter(writer)
                do { try await write(&events) } catch let error where !(error is CancellationError) {
                    // The status is sent: what went wrong is an event.
                    try await events.write(APIError(of: error))
                }
                try await events.finish()
            })
    }
}

/// Writes server-sent events, each a JSON value.
struct EventWriter {
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) { self.writer = writer }

    mutating func write(_ value: some Encodable) async throws {
        try await write(line: JSONEncoder.snakeCase.encode(value))
    }

    /// A value that is JSON already, on one line.
    mutating func write(line: Data) async throws {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(line)
        buffer.writeString("\n\n")
        try await writer.write(buffer)
    }

    /// What clients pass over: a sign that the connection is alive.
    mutating func write(comment: String) async throws {
        try await writer.write(ByteBuffer(string: ": \(comment)\n\n"))
    }

    /// What OpenAI's clients take for the end.
    mutating func end() async throws { try await writer.write(ByteBuffer(string: "data: [DONE]\n\n")) }

    consuming func finish() async throws { try await writer.finish(nil) }
}

extension JSONEncoder {
    /// Names as `prompt_tokens`; slashes as they are.
    static var snakeCase: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
