/// The counts and sizes of a library's content.
public struct LibraryStatistics: Hashable, Sendable {
    /// The number of groups.
    public let groups: Int
    /// The number of documents.
    public let documents: Int
    /// The UTF-8 bytes of all texts.
    public let textBytes: Int
    /// The tokens of all texts.
    public let tokens: Int
    /// The number of passages.
    public let passages: Int
    /// The number of passages with an embedding.
    public let embeddedPassages: Int
    /// The number of compressed segments, of all identities.
    public let segments: Int
    /// The number of vectors, of all identities.
    public let vectors: Int
    /// The number of adapters.
    public let adapters: Int
    /// The number of training runs.
    public let trainingRuns: Int
    /// The size of the file in bytes, free pages included.
    public let fileBytes: Int
}
