internal import Crypto
import Foundation
import LLoCOBase

/// What a file's content is known by.
public enum ContentDigest: Hashable, Sendable {
    /// SHA-256: 64 hexadecimal digits in lower case
    case sha256(String)
    /// SHA-1 of git's object, which begins with `blob SIZE` and a zero byte: 40 hexadecimal digits in lower case. For
    /// small files, which model hubs keep in git itself.
    case gitObject(String)

    /// The digest that has so many digits; nil where it is none.
    public init?(hexadecimal text: String) {
        guard text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
        switch text.utf8.count {
        case 64: self = .sha256(text)
        case 40: self = .gitObject(text)
        default: return nil
        }
    }

    /// Its digits.
    public var hexadecimal: String {
        switch self {
        case .sha256(let digits), .gitObject(let digits): digits
        }
    }
}

extension ContentDigest: CustomStringConvertible {
    public var description: String {
        switch self {
        case .sha256(let digits): "SHA-256 \(digits)"
        case .gitObject(let digits): "git's SHA-1 \(digits)"
        }
    }
}

/// The digests of content that comes piece by piece.
public struct ContentHasher {
    private var sha256 = SHA256()
    /// Only where it is asked for: it takes as long again.
    private var object: Insecure.SHA1?

    /// - Parameters:
    ///   - expected: what the content should be, where that is known
    ///   - bytes: how many will come
    public init(for expected: ContentDigest?, bytes: Int) {
        if case .gitObject = expected {
            var object = Insecure.SHA1()
            object.update(data: Data("blob \(bytes)\0".utf8))
            self.object = object
        }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256.update(bufferPointer: bytes)
        object?.update(bufferPointer: bytes)
    }

    /// The SHA-256 of what came.
    public func sha256Digits() -> String { Self.digits(sha256.finalize()) }

    /// The digest of the kind that was asked for, else the SHA-256.
    public func digest() -> ContentDigest {
        object.map { .gitObject(Self.digits($0.finalize())) } ?? .sha256(sha256Digits())
    }

    /// What a file is, where it is no larger than `bytes`, of which it is known.
    ///
    /// - Throws: ``FileError`` where it cannot be read.
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
