import HTTPTypes
import LLoCOBase
import LLoCOCompression
import LLoCOModels

/// The response to a request that fails: OpenAI's form of an error, with its status.
struct APIError: Error, Equatable {
    let status: HTTPResponse.Status
    /// What was found and what was expected, one line
    let message: String
    /// `invalid_request_error` and the like
    let type: String
    /// The field that is wrong, where it is one
    var parameter: String?
    /// The kind of error, more closely
    var code: String?

    /// A request that is wrong in itself.
    static func invalid(_ message: String, parameter: String? = nil, code: String? = nil) -> APIError {
        APIError(
            status: .badRequest, message: message, type: "invalid_request_error", parameter: parameter, code: code)
    }

    /// More than the server takes at a time.
    static func busy(_ message: String) -> APIError {
        APIError(status: .serviceUnavailable, message: message, type: "server_error", code: "busy")
    }

    /// What cannot be done while something else is.
    static func conflict(_ message: String) -> APIError {
        APIError(status: .conflict, message: message, type: "invalid_request_error", code: "busy")
    }

    /// A body that is too long.
    static func tooLong(_ message: String) -> APIError {
        APIError(status: .contentTooLarge, message: message, type: "invalid_request_error")
    }

    /// What is not there.
    static func notFound(_ message: String, parameter: String? = nil, code: String? = nil) -> APIError {
        APIError(
            status: .notFound, message: message, type: "invalid_request_error", parameter: parameter, code: code)
    }

    /// What any error comes to. Only what a request is at fault for is said in the error's own words: others name files.
    init(of error: any Error) {
        if let error = error as? APIError {
            self = error
            return
        }
        guard let error = error as? any CodedError else {
            self.init(status: .internalServerError, message: "the request failed", type: "server_error")
            return
        }
        let (status, type): (HTTPResponse.Status, String) =
            switch error.errorCode {
            case .notFound: (.notFound, "invalid_request_error")
            case .invalid, .doesNotFit, .unsupported: (.badRequest, "invalid_request_error")
            case .busy, .outOfMemory: (.serviceUnavailable, "server_error")
            case .cancelled, .damaged, .storage, .failed: (.internalServerError, "server_error")
            }
        let isTheirs = status != .internalServerError && status != .serviceUnavailable
        self.init(
            status: status,
            message: isTheirs && (error is ModelError || error is EngineError)
                ? error.description : "the request failed: \(error.errorCode.rawValue)", type: type,
            code: error.errorCode == .doesNotFit ? "context_length_exceeded" : error.errorCode.rawValue)
    }

    init(
        status: HTTPResponse.Status, message: String, type: String, parameter: String? = nil, code: String? = nil
    ) {
        (self.status, self.message, self.type) = (status, message, type)
        (self.parameter, self.code) = (parameter, code)
    }
}

extension APIError: Encodable {
    private enum Envelope: String, CodingKey { case error }
    private enum CodingKeys: String, CodingKey {
        case message, type, code
        case parameter = "param"
    }

    func encode(to encoder: any Encoder) throws {
        var envelope = encoder.container(keyedBy: Envelope.self)
        var fields = envelope.nestedContainer(keyedBy: CodingKeys.self, forKey: .error)
        try fields.encode(message, forKey: .message)
        try fields.encode(type, forKey: .type)
        // Clients read null where there is none.
        try fields.encode(parameter, forKey: .parameter)
        try fields.encode(code, forKey: .code)
    }
}

/// An error as Ollama's clients read it.
struct PlainError: Encodable, Sendable {
    /// One line
    let error: String
}
