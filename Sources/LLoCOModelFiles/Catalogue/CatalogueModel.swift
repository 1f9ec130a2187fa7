/// A model that is known by name: one GGUF file, its digest, and where it can be had.
public struct CatalogueModel: Decodable, Hashable, Sendable {
    /// What it is called by, such as `qwen2.5-coder-0.5b`.
    public let name: String
    /// Its publisher's name for it.
    public let title: String
    /// The folder that it lies in, below one that holds models.
    public let folder: String
    /// The file's name, there and in the repository.
    public let file: String
    /// The file's size.
    public let bytes: Int
    /// The file's SHA-256: 64 hexadecimal digits.
    public let sha256: String
    /// An SPDX identifier in lower case, as model hubs write it.
    public let licence: String
    /// The repository of a model hub that has the file, `OWNER/REPO`; nil for none.
    public let repository: HubRepository?
    /// The file in pieces, in packages of PyPI.
    public let pieces: Pieces

    /// Wheels that hold a file in pieces of the same size, the last of which may be shorter.
    ///
    /// Of the patterns, `{}` is the number of the piece, from 1, and `{:02}` the same with two digits.
    public struct Pieces: Codable, Hashable, Sendable {
        /// The packages' names.
        public let package: String
        /// Their version.
        public let version: String
        /// The piece's path in the wheel.
        public let entry: String
        /// How many pieces there are.
        public let count: Int
        /// The size of each but the last.
        public let bytes: Int
    }
}
