public import LLoCOBase

/// A fault of the library file or of a request to it.
///
/// `description` is one line that names the library, the value found and the value expected.
public struct LibraryError: CodedError, Hashable {
    /// The kinds of fault that a caller may want to distinguish.
    public enum Code: Hashable, Sendable {
        /// The library file does not exist.
        case missing
        /// The file is not a library: not SQLite, another application's, a directory, or empty.
        case notALibrary
        /// The file was written by a newer version of the program.
        case newerFormat
        /// The file was written by an older version, and a reader may not migrate it.
        case olderFormat
        /// The file is truncated or its content is inconsistent.
        case damaged
        /// Another process held the library's lock until the timeout.
        case locked
        /// The disk, or the file's quota, is full.
        case diskFull
        /// The file or its folder is not writable.
        case notWritable
        /// Reading or writing the file failed.
        case inputOutput
        /// SQLite ran out of memory.
        case outOfMemory
        /// The requested document, group, adapter or run is not in the library.
        case notFound
        /// The request is inconsistent, or contradicts the stored data.
        case invalid
        /// Any other fault that SQLite reports.
        case database
    }

    /// The kind of fault.
    public let code: Code
    /// The message, one line.
    public let description: String

    /// What the user can do about it, if known.
    public let hint: ErrorHint?

    /// Creates an error of a kind with its one-line message.
    public init(_ code: Code, _ description: String, hint: ErrorHint? = nil) {
        self.code = code
        self.description = description
        self.hint = hint
    }

    /// The error code that all layers share.
    public var errorCode: ErrorCode {
        switch code {
        case .missing, .notFound: .notFound
        case .notALibrary, .invalid: .invalid
        case .newerFormat, .olderFormat: .unsupported
        case .damaged: .damaged
        case .locked: .busy
        case .diskFull, .notWritable, .inputOutput: .storage
        case .outOfMemory: .outOfMemory
        case .database: .failed
        }
    }
}
