public import Foundation

/// The SHA-256 that identifies a model, a compressor or an encoder: over its files' names and digests.
public enum FileIdentity {
    public static func digest(of files: [URL]) throws -> String {
        if files.count == 1 { return try Digest.sha256(fileAt: files[0].path) }
        let parts = try files.map { "\($0.lastPathComponent) \(try Digest.sha256(fileAt: $0.path))\n" }
        return Digest.sha256(parts.sorted().joined())
    }
}
