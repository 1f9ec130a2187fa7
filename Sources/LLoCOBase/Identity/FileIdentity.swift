public import Foundation

/// The SHA-256 that identifies a model, a compressor or an encoder: over its files' names and digests.
public enum FileIdentity {
    /// The identity of files.
    ///
    /// - Parameters:
    ///   - verifying: reads the files even where ``DigestCache/user`` has their digests
    ///   - known: gives the SHA-256 of a file that need not be read
    /// - Throws: ``FileError`` where a file is missing or cannot be read.
    public static func digest(
        of files: [URL], verifying: Bool = false, known: (URL) -> String? = { _ in nil }
    ) throws -> String {
        func digest(_ file: URL) throws -> String {
            try known(file) ?? DigestCache.user.digest(ofFileAt: file.path, verifying: verifying)
        }
        if files.count == 1 { return try digest(files[0]) }
        let parts = try files.map { "\($0.lastPathComponent) \(try digest($0))\n" }
        return Digest.sha256(parts.sorted().joined())
    }
}
