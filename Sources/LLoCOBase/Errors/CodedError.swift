/// An error with a code. Its description is one line: what was found and what was expected.
///
/// The description names no command-line option and no command, because a library does not know its caller. If the
/// caller can fix the error, `hint` says how, and the program words the hint.
public protocol CodedError: Error, CustomStringConvertible {
    /// The kind of error.
    var errorCode: ErrorCode { get }
    /// The suggested fix; nil if the description suffices.
    var hint: ErrorHint? { get }
}

extension CodedError {
    public var hint: ErrorHint? { nil }
}
