public import Foundation

/// Data that cannot be generated as it was asked for.
public struct DataGenerationError: Error, Hashable, Sendable {
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

extension DataGenerationError: CustomStringConvertible, LocalizedError {
    /// One line: what was asked for, and the reason.
    public var description: String { "\(subject): \(reason)" }

    /// The same line.
    public var errorDescription: String? { description }
}
