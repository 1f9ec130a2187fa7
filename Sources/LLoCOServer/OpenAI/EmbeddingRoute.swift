import Foundation
import Hummingbird
import LLoCO
import LLoCOBase

/// The route `/v1/embeddings`: unit vectors of texts from the retrieval model.
struct EmbeddingRoute: Sendable {
    let engine: Engine
    let configuration: ServerConfiguration
    let admission: Admission

    private struct Reply: Encodable {
        struct Item: Encodable {
            let object = "embedding"
            let index: Int
            let embedding: Vector
        }
        /// An embedding as numbers, or as base64 of their bytes.
        enum Vector: Encodable {
            case numbers([Float])
            case base64(String)

            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                switch self {
                case .numbers(let numbers): try container.encode(numbers)
                case .base64(let text): try container.encode(text)
                }
            }
        }
        struct Usage: Encodable {
            let promptTokens: Int
            let totalTokens: Int
        }

        let object = "list"
        let data: [Item]
        let model: String
        let usage: Usage
    }

    /// Maximum number of texts in a request
    private static let maximumTexts = 2048

    func embed(_ request: Request, for access: Access) async throws -> Response {
        var request = request
        let fields = try await request.fields(upTo: configuration.maximumBodyBytes)
        try fields.check(known: ["model", "input", "encoding_format"], ignored: ["user"])
        let format = try fields.string("encoding_format") ?? "float"
        guard ["float", "base64"].contains(format) else {
            throw APIError.invalid("\"encoding_format\": expected float or base64", parameter: "encoding_format")
        }
        let (vectors, tokens) = try await vectors(fields, for: access, of: request)
        return try .json(
            Reply(
                data: vectors.enumerated().map { index, vector in
                    Reply.Item(
                        index: index, embedding: format == "float" ? .numbers(vector) : .base64(Self.base64(vector)))
                }, model: try fields.string("model") ?? "", usage: .init(promptTokens: tokens, totalTokens: tokens)))
    }

    /// The embeddings of the field `input`, and the total number of tokens of its texts.
    func vectors(
        _ fields: RequestFields, for access: Access, of request: Request
    ) async throws -> (vectors: [[Float]], tokens: Int) {
        let texts = try fields.stringOrStrings("input")
        guard 1...Self.maximumTexts ~= texts.count else {
            throw APIError.invalid("\"input\": expected 1 to \(Self.maximumTexts) strings", parameter: "input")
        }
        let slots = try admission.admit(1, key: access.key)
        defer { slots.release() }
        let embedder = try await engine.thread.run { try engine.model.embedder }
        let disconnected = Flag()
        return try await request.body.untilClientDisconnects(disconnected.raise) {
            // In batches of 16, so that answers can use the engine's thread in between.
            var (vectors, tokens): ([[Float]], Int) = ([], 0)
            for start in stride(from: 0, to: texts.count, by: 16) {
                if disconnected.isRaised { throw CancellationError() }
                let batch = Array(texts[start..<min(texts.count, start + 16)])
                let result = try await engine.thread.run {
                    (try embedder.embed(batch), batch.reduce(0) { $0 + embedder.tokenCount(of: $1) })
                }
                vectors += result.0
                tokens += result.1
            }
            return (vectors, tokens)
        }
    }

    /// Base64 of little-endian float32.
    private static func base64(_ vector: [Float]) -> String {
        vector.withUnsafeBytes { Data($0) }.base64EncodedString()
    }
}
