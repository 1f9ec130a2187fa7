public import Foundation

/// What is wrong with a file of JSON Lines or of another form of data, and where.
public struct JSONLinesError: CodedError, Hashable {
    /// The file, as it was named.
    public var file: String
    /// The line of the (decompressed) text, from 1; nil where it is the file as a whole.
    public var line: Int?
    /// What was found, and what was expected.
    public var reason: String

    /// The kind of error: `damaged` unless said otherwise.
    public var errorCode: ErrorCode
    /// What would help.
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

    /// The same line.
    public var errorDescription: String? { description }
}
