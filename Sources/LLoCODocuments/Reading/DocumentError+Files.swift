internal import Foundation

extension DocumentError {
    /// Why the file at `path` could not be opened.
    static func unreadable(_ path: String) -> DocumentError {
        FileManager.default.fileExists(atPath: path)
            ? DocumentError(.unreadable, "\(path): cannot be read; check its permissions")
            : DocumentError(.missing, "\(path): no such file; check the path")
    }
}
