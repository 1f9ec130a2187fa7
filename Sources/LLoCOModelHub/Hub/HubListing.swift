public import LLoCOModelFiles

/// What a hub says of a repository at one commit.
struct HubListing {
    /// 40 hexadecimal digits
    let commit: String
    let licence: String?
    let files: [HubFile]
}

/// A file of a repository.
public struct HubFile: Sendable, Hashable {
    /// Its path in the repository, which stays below a folder that it is joined to.
    public let name: String
    public let bytes: Int
    public let digest: ContentDigest
}
