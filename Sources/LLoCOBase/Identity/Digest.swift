internal import Crypto
public import Foundation

/// SHA-256 of files, bytes and token ids, in lower-case hexadecimal.
///
/// Stored objects are identified by this digest of their content, never by a name or a path.
public enum Digest {
    /// The SHA-256 of `data`: 64 hexadecimal digits.
    public static func sha256(_ data: Data) -> String {
        hexadecimal(SHA256.hash(data: data))
    }

    /// The SHA-256 of the UTF-8 bytes of `text`.
    public static func sha256(_ text: String) -> String {
        var text = text
        return text.withUTF8 { bytes in
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(bytes))
            return hexadecimal(hasher.finalize())
        }
    }

    /// The SHA-256 of token ids, each as four little-endian bytes.
    ///
    /// A stored segment records this digest, so that a document that grows keeps the segments with unchanged tokens.
    public static func sha256(tokens: some Sequence<some BinaryInteger>) -> String {
        var bytes = Data()
        bytes.reserveCapacity(4 * tokens.underestimatedCount)
        for token in tokens {
            let word = UInt32(truncatingIfNeeded: token)
            for shift: UInt32 in [0, 8, 16, 24] {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return sha256(bytes)
    }

    /// The SHA-256 of the file at `path`, read in pieces of 4 MiB.
    ///
    /// - Throws: ``FileError`` if the file is missing or cannot be read.
    public static func sha256(fileAt path: String) throws -> String {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw unreadable(path)
        }
        defer { try? file.close() }
        var hasher = SHA256()
        do {
            while let piece = try file.read(upToCount: 4 << 20), !piece.isEmpty {
                hasher.update(data: piece)
            }
        } catch {
            throw unreadable(path)
        }
        return hexadecimal(hasher.finalize())
    }

    private static func unreadable(_ path: String) -> FileError {
        FileManager.default.fileExists(atPath: path)
            ? FileError(.storage, "\(path): cannot be read; check its permissions")
            : FileError(.notFound, "\(path): no such file; check the path")
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
