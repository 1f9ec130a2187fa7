import LLoCOBase

/// A secret that is sent to a model hub. Neither printing nor dumping shows it.
public struct HubToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let secret: String

    /// - Throws: ``HubError`` where a header cannot carry it.
    public init(_ secret: String) throws {
        guard 1...4096 ~= secret.utf8.count, secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HubError(.invalid, "the hub's token (HF_TOKEN) has characters other than printable ASCII")
        }
        self.secret = secret
    }

    public var description: String { "(a token)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
