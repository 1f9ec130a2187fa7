import Foundation

/// The kind of an error, whichever layer threw it: what a server maps to a status and a caller branches on.
public enum ErrorCode: String, Hashable, Sendable, CaseIterable {
    /// What was asked for is not there: a file, a document, a group, a model.
    case notFound = "not-found"
    /// The request contradicts itself, what is stored or what a value may be.
    case invalid
    /// The request needs more positions than the model's window holds.
    case doesNotFit = "does-not-fit"
    /// Another process or call holds what is needed; the same request may go through later.
    case busy
    /// A file or a stored value contradicts itself, or a computation gave values that are not finite.
    case damaged
    /// Memory or another bounded resource of this machine does not suffice.
    case outOfMemory = "out-of-memory"
    /// The caller cancelled the task.
    case cancelled
    /// A format, a model or a device that this version does not handle.
    case unsupported
    /// Reading or writing failed: the disk is full, a permission is missing, a device reports an error.
    case storage
    /// Any other failure.
    case failed

    /// The code of any error: its own where it has one; that of a file that Foundation cannot read or write.
    public init(of error: any Error) {
        self =
            switch error {
            case let error as any CodedError: error.errorCode
            case is CancellationError: .cancelled
            default: Self.ofSystem(error as NSError)
            }
    }

    private static func ofSystem(_ error: NSError) -> ErrorCode {
        switch error.domain {
        case NSPOSIXErrorDomain: error.code == Int(ENOENT) ? .notFound : .storage
        case NSCocoaErrorDomain:
            switch CocoaError.Code(rawValue: error.code) {
            case .fileNoSuchFile, .fileReadNoSuchFile: .notFound
            // Foundation's codes of files are those below 1024; others are of values.
            case let code: code.rawValue < 1024 ? .storage : .failed
            }
        default: .failed
        }
    }
}
