public import LLoCOBase

/// A fault of the library file or of a request made to it.
///
/// `description` is one line that names the library, what was found and what was expected.
public struct LibraryError: CodedError, Hashable {
    /// The kinds of fault a caller may want to tell apart.
    public enum Code: Hashable, Sendable {
        /// The library file does not exist.
        case missing
        /// The file is no library: not SQLite, another application's, a directory, empty.
        case notALibrary
        /// The file was written by a newer version of the program.
        case newerFormat
        /// The file was written by an older version, and a reader may not bring it up to date.
        case olderFormat
        /// The file is truncated or its content contradicts itself.
        case damaged
        /// Another process holds the library and did not let go in time.
        case locked
        /// The disk, or the file's quota, is full.
        case diskFull
        /// The file or its folder may not be written.
        case notWritable
        /// Reading or writing the file failed.
        case inputOutput
        /// SQLite found no memory.
        case outOfMemory
        /// What was asked for is not in the library.
        case notFound
        /// The request contradicts what is stored or itself.
        case invalid
        /// Any other fault that SQLite reports.
        case database
    }

    /// The kind of fault.
    public let code: Code
    /// One clear line.
    public let description: String

    /// What would help.
    public let hint: ErrorHint?

    /// A fault of the given kind with its one-line message.
    public init(_ code: Code, _ description: String, hint: ErrorHint? = nil) {
        self.code = code
        self.description = description
        self.hint = hint
    }

    /// The kind of error as other layers name it.
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
