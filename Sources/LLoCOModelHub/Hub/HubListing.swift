public import LLoCOModelFiles

/// The files of a repository at one commit.
struct HubListing {
    /// 40 hexadecimal digits
    let commit: String
    let licence: String?
    let files: [HubFile]
}

/// A file of a repository.
public struct HubFile: Sendable, Hashable {
    /// The file's path in the repository. Joined to a folder, it stays below that folder.
    public let name: String
    /// The file's size in bytes.
    public let bytes: Int
    /// The digest of the file's content.
    public let digest: ContentDigest
}
