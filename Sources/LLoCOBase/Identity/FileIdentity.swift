public import Foundation

/// The SHA-256 that identifies a model, a compressor or an encoder.
public enum FileIdentity {
    /// The identity of files: one file's digest, or the digest over the names and digests of several files.
    ///
    /// - Parameters:
    ///   - verifying: whether to read files even if ``DigestCache/user`` has their digests
    ///   - known: returns a file's SHA-256 if it is known; nil to read the file
    /// - Throws: ``FileError`` if a file is missing or cannot be read.
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
