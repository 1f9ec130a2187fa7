import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A response with a value as JSON.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder.snakeCase.encode(value))))
    }
}

extension JSONEncoder {
    /// An encoder with snake-case names such as `prompt_tokens` and unescaped slashes.
    static var snakeCase: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
