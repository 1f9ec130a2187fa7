internal import Crypto
import Foundation
import LLoCOBase

/// A digest of a file's content.
public enum ContentDigest: Hashable, Sendable {
    /// SHA-256: 64 hexadecimal digits in lower case
    case sha256(String)
    /// SHA-1 of the file's git object, which begins with `blob SIZE` and a zero byte: 40 hexadecimal digits in lower
    /// case. Model hubs use it for small files, which are stored in git itself.
    case gitObject(String)

    /// The digest with these digits, whose number decides its kind; nil if the text is not a digest.
    public init?(hexadecimal text: String) {
        guard text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
        switch text.utf8.count {
        case 64: self = .sha256(text)
        case 40: self = .gitObject(text)
        default: return nil
        }
    }

    /// The digest's digits.
    public var hexadecimal: String {
        switch self {
        case .sha256(let digits), .gitObject(let digits): digits
        }
    }
}

extension ContentDigest: CustomStringConvertible {
    /// The kind and the digits.
    public var description: String {
        switch self {
        case .sha256(let digits): "SHA-256 \(digits)"
        case .gitObject(let digits): "git's SHA-1 \(digits)"
        }
    }
}

/// Computes the digests of content that arrives in pieces.
public struct ContentHasher {
    private var sha256 = SHA256()
    /// Computed only on request, because it doubles the time.
    private var object: Insecure.SHA1?

    /// A hasher without content.
    ///
    /// - Parameters:
    ///   - expected: the expected digest, whose kind ``digest()`` returns; nil for SHA-256
    ///   - bytes: the size of the content
    public init(for expected: ContentDigest?, bytes: Int) {
        if case .gitObject = expected {
            var object = Insecure.SHA1()
            object.update(data: Data("blob \(bytes)\0".utf8))
            self.object = object
        }
    }

    /// Adds a piece of content.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256.update(bufferPointer: bytes)
        object?.update(bufferPointer: bytes)
    }

    /// The SHA-256 of the content so far.
    public func sha256Digits() -> String { Self.digits(sha256.finalize()) }

    /// The digest of the content so far, of the kind of the expected digest.
    public func digest() -> ContentDigest {
        object.map { .gitObject(Self.digits($0.finalize())) } ?? .sha256(sha256Digits())
    }

    /// The digest of a file of `bytes` bytes, of the same kind as `expected`.
    ///
    /// - Throws: ``FileError`` if the file cannot be read.
    public static func digest(
        ofFileAt path: String, like expected: ContentDigest, bytes: Int
    ) throws -> ContentDigest {
        if case .sha256 = expected { return .sha256(try DigestCache.user.digest(ofFileAt: path, verifying: true)) }
        var hasher = ContentHasher(for: expected, bytes: bytes)
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw FileError(.storage, "\(path): cannot be read; check its permissions")
        }
        defer { try? file.close() }
        while let piece = try file.read(upToCount: 4 << 20), !piece.isEmpty {
            piece.withUnsafeBytes { hasher.update($0) }
        }
        return hasher.digest()
    }

    private static func digits(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
