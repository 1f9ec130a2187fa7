public import Foundation
public import LLoCOBase

/// A tokenizer file, vocabulary or chat template that cannot be used, and why, in one line.
public struct TokenizerError: CodedError, Hashable, LocalizedError {
    /// The kind of fault.
    public enum Code: Sendable, Hashable {
        /// There is no such file, or it cannot be read.
        case missing
        /// The file is not what its name says.
        case malformed
        /// The file asks for an algorithm that this package does not have.
        case unsupported
        /// A chat template that is not known, or a conversation it does not allow.
        case chat
    }

    /// The kind of fault.
    public var code: Code

    /// The file, metadata or option at fault.
    public var location: String

    /// What was found, and what was expected.
    public var message: String

    /// What would help.
    public var hint: ErrorHint?

    /// A fault of the given kind; `message` is one line without a full stop.
    public init(_ code: Code, in location: String, _ message: String, hint: ErrorHint? = nil) {
        self.code = code
        self.location = location
        self.message = message
        self.hint = hint
    }

    /// The kind of error as other layers name it.
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

    /// A string from outside, safe to put in a one-line message.
    static func quoted(_ text: String) -> String { "'\(text.printable(limit: 80))'" }
}
