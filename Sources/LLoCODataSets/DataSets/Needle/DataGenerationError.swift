public import Foundation
public import LLoCOBase

/// An error for test data that cannot be generated with the given options.
public struct DataGenerationError: CodedError, Hashable {
    /// The requested data: `ruler`, `needle`, or a task at a length.
    public var subject: String
    /// The found and the expected value; one line without a full stop.
    public var reason: String

    /// Creates an error about `subject`.
    public init(_ subject: String, _ reason: String) {
        self.subject = subject
        self.reason = reason
    }
}

extension DataGenerationError: LocalizedError {
    /// Always `invalid`.
    public var errorCode: ErrorCode { .invalid }

    /// One line: the subject and the reason.
    public var description: String { "\(subject): \(reason)" }

    /// The same line as ``description``.
    public var errorDescription: String? { description }
}
