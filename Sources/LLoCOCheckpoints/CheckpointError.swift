public import Foundation
public import LLoCOBase

/// An error in reading or writing a checkpoint, an adapter or a configuration.
///
/// The description is one line: the file, the faulty value, the expected value.
public struct CheckpointError: CodedError, Equatable {
    /// The kind of error, for callers that handle kinds differently.
    public enum Code: Equatable, Sendable {
        /// The file is missing, not a regular file, or not readable.
        case unreadable
        /// The file contradicts itself or its format.
        case malformed
        /// The file has an unsupported format, version or variant.
        case unsupported
        /// A tensor or a configuration key is missing.
        case missing
        /// A pickle names a class outside the few that tensors consist of.
        case foreignClass
        /// Shapes, ranks or names differ from those of the caller or a companion file.
        case mismatch
        /// The file could not be written.
        case unwritable
    }

    /// The kind of error.
    public let code: Code
    /// Path of the faulty file.
    public let file: String
    /// The faulty value or state.
    public let found: String
    /// The expected value or state, if known.
    public let expected: String?

    /// Creates an error about a file; the description reads "file: found; expected ...".
    public init(_ code: Code, file: String, found: String, expected: String? = nil) {
        self.code = code
        self.file = file
        self.found = found
        self.expected = expected
    }
}

extension CheckpointError {
    /// The error code that all modules share.
    public var errorCode: ErrorCode {
        switch code {
        case .unreadable: .notFound
        case .malformed, .missing: .damaged
        case .unsupported, .foreignClass: .unsupported
        case .mismatch: .invalid
        case .unwritable: .storage
        }
    }

    public var description: String {
        var line = "\(file): \(found)"
        if let expected { line += "; expected \(expected)" }
        // The limit: names from files can be so long that they hide the message.
        return line.printable(limit: 800)
    }
}

extension CheckpointError: LocalizedError {
    public var errorDescription: String? { description }
}
