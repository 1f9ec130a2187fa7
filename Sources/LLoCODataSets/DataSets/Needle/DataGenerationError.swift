public import Foundation
public import LLoCOBase

/// Data that cannot be generated as it was asked for.
public struct DataGenerationError: CodedError, Hashable {
    /// What was asked for: `ruler`, `needle`, a task at a length.
    public var subject: String
    /// What was found, and what was expected; one line without a full stop.
    public var reason: String

    /// A fault in `subject`.
    public init(_ subject: String, _ reason: String) {
        self.subject = subject
        self.reason = reason
    }
}

extension DataGenerationError: LocalizedError {
    /// The kind of error: `invalid`.
    public var errorCode: ErrorCode { .invalid }

    /// One line: what was asked for, and the reason.
    public var description: String { "\(subject): \(reason)" }

    /// The same line.
    public var errorDescription: String? { description }
}
