import HTTPTypes
import LLoCOBase
import LLoCOCompression
import LLoCOModels

/// An error response: OpenAI's error object and its status.
struct APIError: Error, Equatable {
    let status: HTTPResponse.Status
    /// One line: found and expected
    let message: String
    /// Such as `invalid_request_error`
    let type: String
    /// The invalid field, if the error is about one
    var parameter: String?
    /// A more specific kind, such as `model_not_found`
    var code: String?

    /// Status 400: an invalid request.
    static func invalid(_ message: String, parameter: String? = nil, code: String? = nil) -> APIError {
        APIError(
            status: .badRequest, message: message, type: "invalid_request_error", parameter: parameter, code: code)
    }

    /// Status 503: too much concurrent work.
    static func busy(_ message: String) -> APIError {
        APIError(status: .serviceUnavailable, message: message, type: "server_error", code: "busy")
    }

    /// Status 409: a conflict with work in progress.
    static func conflict(_ message: String) -> APIError {
        APIError(status: .conflict, message: message, type: "invalid_request_error", code: "busy")
    }

    /// Status 413: the body is too long.
    static func tooLong(_ message: String) -> APIError {
        APIError(status: .contentTooLarge, message: message, type: "invalid_request_error")
    }

    /// Status 404: something named is missing.
    static func notFound(_ message: String, parameter: String? = nil, code: String? = nil) -> APIError {
        APIError(
            status: .notFound, message: message, type: "invalid_request_error", parameter: parameter, code: code)
    }

    /// Converts any error. Only errors of the request keep their description: other descriptions name files.
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
        let isRequestError = status != .internalServerError && status != .serviceUnavailable
        self.init(
            status: status,
            message: isRequestError && (error is ModelError || error is EngineError)
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
        // Clients expect null for missing values.
        try fields.encode(parameter, forKey: .parameter)
        try fields.encode(code, forKey: .code)
    }
}

/// An error in Ollama's form.
struct PlainError: Encodable, Sendable {
    /// One line
    let error: String
}
