/// A model with a name in the catalogue: one GGUF file, its digest and its download sources.
public struct CatalogueModel: Decodable, Hashable, Sendable {
    /// The model's name in the catalogue, such as `qwen2.5-coder-0.5b`.
    public let name: String
    /// The publisher's name for the model.
    public let title: String
    /// The name of the model's folder inside a folder of models.
    public let folder: String
    /// The file's name in ``folder`` and in ``repository``.
    public let file: String
    /// The file's size in bytes.
    public let bytes: Int
    /// The file's SHA-256: 64 hexadecimal digits.
    public let sha256: String
    /// The licence's SPDX identifier in lower case, as on model hubs.
    public let licence: String
    /// The model hub repository with the file, `OWNER/REPO`; nil if no hub has it.
    public let repository: HubRepository?
    /// The PyPI packages that contain the file in pieces.
    public let pieces: Pieces

    /// Wheels that contain a file in pieces of the same size. The last piece may be shorter.
    ///
    /// In the patterns, `{}` stands for the number of the piece, from 1, and `{:02}` for the number with two digits.
    public struct Pieces: Codable, Hashable, Sendable {
        /// The pattern of the packages' names.
        public let package: String
        /// The packages' version.
        public let version: String
        /// The pattern of the piece's path in its wheel.
        public let entry: String
        /// The number of pieces.
        public let count: Int
        /// The size in bytes of each piece except the last.
        public let bytes: Int
    }
}
