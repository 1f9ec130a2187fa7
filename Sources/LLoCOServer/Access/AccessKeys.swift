import Crypto
import Foundation
public import LLoCOBase

/// The keys that a server accepts. The file holds only hashes, so reading it gives no access.
///
///     # SHA-256 of the key     scope    groups
///     9f86d081884c7d65...      read     work,private
///     60303ae22b998861...      admin    *
public struct AccessKeys: Sendable {
    private let keys: [(digest: [UInt8], access: Access)]

    /// An error in a key file.
    public struct Fault: CodedError {
        /// The line and the expected content
        public let description: String
        /// ``ErrorCode/invalid``
        public var errorCode: ErrorCode { .invalid }
    }

    /// Parses the text of a key file.
    ///
    /// - Throws: ``Fault`` with the line number if a line is malformed or the text has no key.
    public init(_ text: String) throws {
        var keys: [(digest: [UInt8], access: Access)] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let content = line.split(maxSplits: 2, whereSeparator: \.isWhitespace)
            // A group's name may contain "#", so that only whole lines are comments.
            guard let first = content.first, !first.hasPrefix("#") else { continue }
            func fault(_ expected: String) -> Fault { Fault(description: "line \(number + 1): expected \(expected)") }
            guard content.count == 3 else { throw fault("a SHA-256, a scope and groups") }
            guard let digest = Self.bytes(content[0]) else { throw fault("a SHA-256 of 64 hexadecimal digits first") }
            guard let scope = Access.Scope(rawValue: String(content[1])) else {
                throw fault("\(Access.Scope.allCases.map(\.rawValue).joined(separator: ", ")) as the scope")
            }
            let names = content[2].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            let groups = names == ["*"] ? nil : Set(names)
            keys.append((digest, Access(groups: groups, scope: scope, key: number + 1)))
        }
        guard !keys.isEmpty else {
            throw Fault(description: "no key found; expected lines of a SHA-256, a scope and groups")
        }
        self.keys = keys
    }

    /// The permissions of a key; nil if it is unknown. All hashes are compared, each in constant time.
    func access(_ key: String) -> Access? {
        let digest = Array(SHA256.hash(data: Data(key.utf8)))
        return keys.reduce(nil) { found, known in
            let differing = zip(digest, known.digest).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
            return differing == 0 ? found ?? known.access : found
        }
    }

    /// The 32 bytes of a SHA-256; nil unless the text has 64 hexadecimal digits.
    private static func bytes(_ hex: Substring) -> [UInt8]? {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count == 64, hex.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
