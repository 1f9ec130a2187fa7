/// A fault in a JSON text, with its place.
package struct JSONError: CodedError, Equatable {
    /// The fault; always one line.
    package let found: String
    /// The fault's byte offset from the beginning of the text.
    package let offset: Int
}

extension JSONError {
    package var errorCode: ErrorCode { .damaged }

    /// One line: the fault and its offset.
    package var description: String { "\(found) at byte \(offset)" }
}
