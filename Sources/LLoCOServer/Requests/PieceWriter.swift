import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A streamed response: server-sent events or lines of JSON.
    static func pieces(
        _ framing: ReplyFraming, _ write: @escaping @Sendable (inout PieceWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: framing.contentType, .cacheControl: "no-cache", .connection: "close",
                // nginx forwards each piece without buffering.
                .init("X-Accel-Buffering")!: "no",
            ],
            body: ResponseBody { writer in
                var pieces = PieceWriter(writer, framing)
                try await write(&pieces)
                try await pieces.finish()
            })
    }
}

/// Writes the pieces of a streamed reply, each a JSON value.
struct PieceWriter {
    private var writer: any ResponseBodyWriter
    private let framing: ReplyFraming

    init(_ writer: any ResponseBodyWriter, _ framing: ReplyFraming) { (self.writer, self.framing) = (writer, framing) }

    mutating func write(_ pieces: [any Encodable & Sendable]) async throws {
        for piece in pieces { try await write(piece) }
    }

    mutating func write(_ piece: any Encodable & Sendable) async throws {
        let json = try JSONEncoder.snakeCase.encode(piece)
        guard framing != .lines else {
            try await writer.write(ByteBuffer(bytes: json + Data("\n".utf8)))
            return
        }
        if framing == .namedEvents, let type = (piece as? any NamedPiece)?.type {
            try await writer.write(ByteBuffer(string: "event: \(type)\n"))
        }
        try await write(line: json)
    }

    /// Writes an event whose data is one line of JSON.
    mutating func write(line: Data) async throws {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(line)
        buffer.writeString("\n\n")
        try await writer.write(buffer)
    }

    /// Writes a comment, which clients ignore, to keep the connection alive.
    mutating func write(comment: String) async throws {
        try await writer.write(ByteBuffer(string: ": \(comment)\n\n"))
    }

    /// Writes OpenAI's end marker.
    mutating func done() async throws { try await writer.write(ByteBuffer(string: "data: [DONE]\n\n")) }

    consuming func finish() async throws { try await writer.finish(nil) }
}

/// The encoding of a streamed answer's pieces.
enum ReplyFraming: Sendable {
    /// Server-sent events, ending with `[DONE]`
    case events
    /// Server-sent events named after their field `type`
    case namedEvents
    /// Lines of JSON
    case lines

    var contentType: String { self == .lines ? "application/x-ndjson" : "text/event-stream" }
}

/// A piece whose event has a name.
protocol NamedPiece {
    var type: String { get }
}
