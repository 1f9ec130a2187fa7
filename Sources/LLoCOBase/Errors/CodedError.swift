/// An error with a code. Its description is one line: what was found and what was expected.
///
/// The text names no option and no command, since a library does not know what it is called from. Where a caller can do
/// something about it, `hint` says what, and a program puts that in words of its own.
public protocol CodedError: Error, CustomStringConvertible {
    /// The kind of error.
    var errorCode: ErrorCode { get }
    /// What would help; nil where the description says all.
    var hint: ErrorHint? { get }
}

extension CodedError {
    public var hint: ErrorHint? { nil }
}
