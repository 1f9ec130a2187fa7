public import LLoCOBase

/// A fault of a document file: one line that names the file, what was found, what was expected, what to do next.
public struct DocumentError: CodedError, Hashable {
    /// The kinds of fault a caller may want to tell apart.
    public enum Code: Hashable, Sendable {
        /// No such file.
        case missing
        /// A file that may not be read, or is no regular file.
        case unreadable
        /// A directory without documents.
        case noDocuments
        /// A file without text.
        case empty
        /// A file that is not text.
        case binary
        /// Bytes that are not of the expected encoding.
        case encoding
        /// A file that ends in the middle of something.
        case truncated
        /// A file or its text beyond the size limit.
        case tooLarge
        /// A file whose form is not understood.
        case malformed
        /// The program that reads such files is not installed.
        case programMissing
        /// The program that reads such files failed or took too long.
        case programFailed
    }

    /// The kind of fault.
    public let code: Code
    /// One clear line.
    public let description: String

    /// A fault of the given kind with its one-line message.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// The kind of error as other layers name it.
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
