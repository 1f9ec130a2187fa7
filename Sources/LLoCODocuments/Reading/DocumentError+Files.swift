internal import Foundation

extension DocumentError {
    /// The error for a file that could not be opened.
    static func unreadable(_ path: String) -> DocumentError {
        FileManager.default.fileExists(atPath: path)
            ? DocumentError(.unreadable, "\(path): cannot be read; check its permissions")
            : DocumentError(.missing, "\(path): no such file; check the path")
    }
}
