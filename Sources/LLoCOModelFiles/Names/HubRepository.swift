/// The name of a model hub repository: `OWNER/REPO`.
///
/// Both parts are plain names, which are safe in paths and URLs.
public struct HubRepository: Hashable, Sendable, CustomStringConvertible, Decodable {
    /// The owner's name.
    public let owner: String
    /// The repository's name without its owner.
    public let name: String

    /// `OWNER/REPO`.
    public var description: String { "\(owner)/\(name)" }

    /// Parses `OWNER/REPO`; nil if the text has another form.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: Character("/"), omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { return nil }
        (owner, name) = (parts[0], parts[1])
    }

    /// Decodes the string `OWNER/REPO`; throws if it has another form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let repository = HubRepository(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not OWNER/REPO")
        }
        self = repository
    }

    /// Whether the name has only letters, digits, `_`, `-` and `.`, begins with one of the first three, does not end
    /// with `.`, and has no `--`, which separates names in caches, and no `..`.
    private static func isName(_ name: String) -> Bool {
        guard 1...96 ~= name.utf8.count, let first = name.utf8.first else { return false }
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isWord(first) && name.utf8.last != UInt8(ascii: ".") && !name.contains("--") && !name.contains("..")
            && name.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }
}
