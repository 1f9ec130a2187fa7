import LLoCOBase

/// A secret for a model hub. Printing or dumping it does not show the secret.
public struct HubToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let secret: String

    /// A token.
    ///
    /// - Throws: ``HubError`` if the secret is not valid in an HTTP header.
    public init(_ secret: String) throws {
        guard 1...4096 ~= secret.utf8.count, secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HubError(.invalid, "the hub's token (HF_TOKEN): expected 1 to 4096 printable ASCII characters")
        }
        self.secret = secret
    }

    /// A placeholder instead of the secret.
    public var description: String { "(a token)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
