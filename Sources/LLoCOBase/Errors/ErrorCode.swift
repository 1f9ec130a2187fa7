import Foundation

/// The kind of an error, the same in every layer. A server maps it to a status; a caller branches on it.
public enum ErrorCode: String, Hashable, Sendable, CaseIterable {
    /// The requested file, document, group or model does not exist.
    case notFound = "not-found"
    /// The request contradicts itself or the stored data, or has a value outside its range.
    case invalid
    /// The request needs more positions than the model's context window has.
    case doesNotFit = "does-not-fit"
    /// Another process or call holds a needed resource; the same request may succeed later.
    case busy
    /// A file or a stored value contradicts itself, or a computation returned values that are not finite.
    case damaged
    /// This machine has too little memory or too little of another bounded resource.
    case outOfMemory = "out-of-memory"
    /// The caller cancelled the task.
    case cancelled
    /// This version does not support the format, model or device.
    case unsupported
    /// Reading or writing failed: the disk is full, a permission is missing or a device reports an error.
    case storage
    /// Any other failure.
    case failed

    /// The code of any error: a ``CodedError``'s own code, else one derived from Foundation's error codes.
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
            // Foundation's codes below 1024 concern files; the others concern values.
            case let code: code.rawValue < 1024 ? .storage : .failed
            }
        default: .failed
        }
    }
}
