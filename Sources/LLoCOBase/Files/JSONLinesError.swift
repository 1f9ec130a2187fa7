public import Foundation

/// A fault in a JSON Lines file or another data file, with its place.
public struct JSONLinesError: CodedError, Hashable {
    /// The file's path as the caller wrote it.
    public var file: String
    /// The line of the decompressed text, from 1; nil if the fault concerns the whole file.
    public var line: Int?
    /// The reason: what was found and what was expected.
    public var reason: String

    /// The kind of error; default `damaged`.
    public var errorCode: ErrorCode
    /// The suggested fix.
    public var hint: ErrorHint?

    /// A fault in `line` of `file`.
    public init(
        file: String, line: Int?, reason: String, errorCode: ErrorCode = .damaged, hint: ErrorHint? = nil
    ) {
        self.file = file
        self.line = line
        self.reason = reason
        self.errorCode = errorCode
        self.hint = hint
    }
}

extension JSONLinesError: LocalizedError {
    /// One line: the file, the line, the reason.
    public var description: String {
        if let line { "\(file), line \(line): \(reason)" } else { "\(file): \(reason)" }
    }

    /// The same line as `description`.
    public var errorDescription: String? { description }
}
