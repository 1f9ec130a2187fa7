public import Foundation
public import LLoCOBase

/// Why a checkpoint, an adapter or a configuration could not be read or written.
///
/// The description is one line: the file, what was found, what was expected.
public struct CheckpointError: CodedError, Equatable {
    /// The kind of fault, for callers that react to it.
    public enum Code: Equatable, Sendable {
        /// The file is absent, not a regular file, or may not be read.
        case unreadable
        /// The file contradicts itself or its format.
        case malformed
        /// The file is of a kind, version or variant that is not read.
        case unsupported
        /// A tensor or a configuration key is not there.
        case missing
        /// A pickle names something other than the few classes tensors are made of.
        case foreignClass
        /// Shapes, ranks or names differ from what the caller or a companion file says.
        case mismatch
        /// The file could not be written.
        case unwritable
    }

    /// The kind of fault
    public let code: Code
    /// Path of the file at fault.
    public let file: String
    /// What was found in it.
    public let found: String
    /// What was expected, where that can be said.
    public let expected: String?

    /// A fault of a file; `found` and `expected` are worded to follow its path.
    public init(_ code: Code, file: String, found: String, expected: String? = nil) {
        self.code = code
        self.file = file
        self.found = found
        self.expected = expected
    }
}

extension CheckpointError {
    /// The kind of error as other layers name it.
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
        // Names come from files, and long ones bury the message.
        return line.printable(limit: 800)
    }
}

extension CheckpointError: LocalizedError {
    public var errorDescription: String? { description }
}
