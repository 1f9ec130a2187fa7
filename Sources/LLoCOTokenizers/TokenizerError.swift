public import Foundation
public import LLoCOBase

/// An error about a tokenizer file, a vocabulary or a chat template.
///
/// The description is one line: the location and the message.
public struct TokenizerError: CodedError, Hashable, LocalizedError {
    /// The kind of error.
    public enum Code: Sendable, Hashable {
        /// The file is missing or not readable.
        case missing
        /// The file contradicts its format.
        case malformed
        /// The file requires an unsupported algorithm or setting.
        case unsupported
        /// An unknown chat template, or a conversation that the template does not allow.
        case chat
    }

    /// The kind of error.
    public var code: Code

    /// The faulty file, metadata or option.
    public var location: String

    /// The faulty value or state, and the expected one.
    public var message: String

    /// A suggested remedy.
    public var hint: ErrorHint?

    /// Creates an error; `message` is one line without a full stop.
    public init(_ code: Code, in location: String, _ message: String, hint: ErrorHint? = nil) {
        self.code = code
        self.location = location
        self.message = message
        self.hint = hint
    }

    /// The error code that all modules share.
    public var errorCode: ErrorCode {
        switch code {
        case .missing: .notFound
        case .malformed: .damaged
        case .unsupported: .unsupported
        case .chat: .invalid
        }
    }

    public var description: String { "\(location): \(message)" }

    public var errorDescription: String? { description }
}

extension TokenizerError {
    static func malformed(_ location: String, _ message: String) -> TokenizerError {
        TokenizerError(.malformed, in: location, message)
    }

    static func unsupported(_ location: String, _ message: String) -> TokenizerError {
        TokenizerError(.unsupported, in: location, message)
    }

    /// An untrusted string, quoted and shortened for a one-line message.
    static func quoted(_ text: String) -> String { "'\(text.printable(limit: 80))'" }
}
