public import LLoCOBase

/// A fault of a document file. Its description is one line: the file, what was found, what was expected, what to do
/// next.
public struct DocumentError: CodedError, Hashable {
    /// The kinds of fault that a caller can distinguish.
    public enum Code: Hashable, Sendable {
        /// No such file.
        case missing
        /// A file without read permission, or one that is not a regular file.
        case unreadable
        /// A directory without documents.
        case noDocuments
        /// A file without text.
        case empty
        /// A file that is not text.
        case binary
        /// Bytes that are not in the expected encoding.
        case encoding
        /// A truncated file.
        case truncated
        /// A file, or a file's text, larger than the size limit.
        case tooLarge
        /// A file that is not in the format of its extension.
        case malformed
        /// The program that reads such files is not installed.
        case programMissing
        /// The program that reads such files failed or took too long.
        case programFailed
    }

    /// The kind of fault.
    public let code: Code
    /// The one-line message.
    public let description: String

    /// A fault of the given kind with its one-line message.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// The kind of error across layers.
    public var errorCode: ErrorCode {
        switch code {
        case .missing, .noDocuments: .notFound
        case .unreadable: .storage
        case .empty, .tooLarge: .invalid
        case .binary, .programMissing: .unsupported
        case .encoding, .truncated, .malformed: .damaged
        case .programFailed: .failed
        }
    }
}
