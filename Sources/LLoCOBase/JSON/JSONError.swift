/// What is wrong with a JSON text, and where.
package struct JSONError: CodedError, Equatable {
    /// What was found; one line, whatever is in the text.
    package let found: String
    /// Where, in bytes from the beginning of the text.
    package let offset: Int
}

extension JSONError {
    package var errorCode: ErrorCode { .damaged }

    /// One line.
    package var description: String { "\(found) at byte \(offset)" }
}
